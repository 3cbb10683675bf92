#!/usr/bin/env bash
# Runs every test program below BUILD/tests and adds up what they report.
#
#   tests/run.sh [BUILD]
#
# One line a program; the whole output of one that fails. The last line is "N passed, N failed, N skipped".
set -u
build=${1:-build}
export SOLSTICE=$build/solstice
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

passed=0 failed=0 skipped=0 status=0
count() { sed -n "s/^\[  $1 \].* \([0-9][0-9]*\) test(s).*/\1/p" "$log" | tail -n 1; }

# The programs are those of the sources at hand: an old build may hold others.
for source in tests/*/test_*.c; do
  program=$build/${source%.c}
  name=${source#tests/}; name=${name%.c}; name=${name/test_/}
  start=$(date +%s.%N)
  "$program" >"$log" 2>&1 </dev/null
  code=$?
  good=$(count 'PASSED ') bad=$(count 'FAILED ') left=$(count 'SKIPPED')
  # a crash leaves no summary
  [ "$code" = 0 ] || [ "${bad:-0}" != 0 ] || bad=1
  passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-0})) skipped=$((skipped + ${left:-0}))
  printf '%-4s %-24s %3d passed%s  %.1f s\n' "$([ "${bad:-0}" = 0 ] && echo ok || echo FAIL)" "$name" "${good:-0}" \
    "${left:+, $left skipped}" "$(awk "BEGIN { print $(date +%s.%N) - $start }")"
  if [ "${bad:-0}" != 0 ]; then cat "$log"; status=1; fi
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
