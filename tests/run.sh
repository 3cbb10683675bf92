#!/usr/bin/env bash
# Runs every test program below BUILD/tests, as many at once as there are processors, and adds up what
# they report.
#
#   tests/run.sh [BUILD]
#
# One line a program; the whole output of one that fails. The last line is "N passed, N failed, N skipped".
set -u
build=${1:-build}
export SOLSTICE=$build/solstice
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tests/lsan.supp:print_suppressions=0}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
logs=$(mktemp -d)
export XDG_DATA_HOME=$logs/data # nobody's own models
export build logs
trap 'rm -rf "$logs"' EXIT

# count WORD LOG: the number that cmocka gives behind [  WORD  ] in its summary
count() { sed -n "s/^\[  $1 \].* \([0-9][0-9]*\) test(s).*/\1/p" "$2" | tail -n 1; }

run() {
  local name=${1#tests/} log start code good bad left
  name=${name%.c} name=${name/test_/} log=$logs/${name/\//-} start=$(date +%s.%N)
  "$build/${1%.c}" >"$log" 2>&1 </dev/null
  code=$?
  good=$(count 'PASSED ' "$log") bad=$(count 'FAILED ' "$log") left=$(count 'SKIPPED' "$log")
  # a crash leaves no summary
  [ "$code" = 0 ] || [ "${bad:-0}" != 0 ] || bad=1
  echo "${good:-0} ${bad:-0} ${left:-0}" >>"$logs/sums"
  printf '%-4s %-24s %3d passed%s  %.1f s\n' "$([ "${bad:-0}" = 0 ] && echo ok || echo FAIL)" "$name" "${good:-0}" \
    "${left:+, $left skipped}" "$(awk "BEGIN { print $(date +%s.%N) - $start }")"
  [ "${bad:-0}" = 0 ] || cat "$log"
}
export -f run count

# The programs are those of the sources at hand: an old build may hold others.
printf '%s\n' tests/*/test_*.c | xargs -P "$(nproc 2>/dev/null || echo 2)" -I{} bash -c 'run {}'
awk '{ passed += $1; failed += $2; skipped += $3 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }' "$logs/sums"
