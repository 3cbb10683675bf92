#!/usr/bin/env bash
# Runs every fuzzer in tests/fuzz for so many seconds each, from the seeds at hand.
#
#   tests/fuzz/run.sh BUILD SECONDS
#
# New inputs are kept in BUILD/corpus, so that the next run goes on from them. What makes a fuzzer fall is left in
# BUILD as NAME-crash-*, and the exit status is 1.
set -u
build=$1 seconds=$2 status=0
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
declare -A seeds=(
  [pickle]=tests/fuzz/seeds/pickle
  [checkpoint]=tests/data/checkpoints
  [safetensors]=tests/fuzz/seeds/safetensors
  [gif]=tests/fuzz/seeds/gif
  [schedule]=tests/fuzz/seeds/schedule
  [cascade]=tests/fuzz/seeds/cascade
  [region]=tests/fuzz/seeds/region
)
for source in tests/fuzz/fuzz_*.c; do
  name=${source##*/fuzz_} name=${name%.c}
  corpus=$build/corpus/$name log=$build/$name.log
  mkdir -p "$corpus"
  "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
    -artifact_prefix="$build/$name-" -print_final_stats=1 "$corpus" "${seeds[$name]}" >"$log" 2>&1
  code=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $code = 0 ]; then
    echo "ok   fuzz/$name: ${runs:-0} inputs in $seconds s"
  else
    echo "FAIL fuzz/$name"
    tail -n 40 "$log"
    status=1
  fi
done
exit $status
