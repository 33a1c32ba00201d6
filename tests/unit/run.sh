#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs unit test programs, JOBS at a time, and sums up: run.sh RESULT-DIRECTORY JOBS PROGRAM...
#
# A program reports in TAP, one line per test, which is kept in the result directory. It has passed only
# when it exits with 0, every test of its plan is reported, and none is "not ok"; whatever else
# happens (a crash, a hang, a missing line) counts as at least one failure and shows the output.
# The last line is "unit: N passed, N failed", and the exit status is 0 only when nothing failed.

set -u

TIME_LIMIT_S=600

results=$1
jobs=$2
shift 2
rm -rf "$results"
mkdir -p "$results"

# Its output, and behind it the exit status: results/NAME.COMPILER.tap and .status.
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh -c '
    output=$1/$(basename "$2").$(basename "$(dirname "$2")")
    CMOCKA_MESSAGE_OUTPUT=TAP timeout "$0" "$2" > "$output.tap" 2>&1
    echo $? > "$output.status"' "$TIME_LIMIT_S" "$results"

total_passed=0
total_failed=0
for program in "$@"; do
    compiler=$(basename "$(dirname "$program")")
    name=$(basename "$program")
    output=$results/$name.$compiler.tap
    status=$(cat "$results/$name.$compiler.status" || echo none)

    planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$output" | awk '{ n += $1 } END { print n + 0 }')
    passed=$(grep -c '^ok ' "$output")
    failed=$(grep -c '^not ok ' "$output")
    if [ "$failed" -eq 0 ] && { [ "$status" != 0 ] || [ "$planned" -eq 0 ] || [ "$passed" -ne "$planned" ]; }; then
        failed=1
    fi
    if [ "$failed" -ne 0 ]; then
        echo "FAILED  $name ($compiler): exit status $status, $passed of $planned tests passed"
        sed 's/^/    /' "$output"
    else
        echo "passed  $name ($compiler): $passed tests"
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
done

echo "unit: $total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
