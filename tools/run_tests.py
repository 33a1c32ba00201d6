#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every stage of `make test` and prints, as its very last line, `N passed, N failed`.

A stage that fails without naming a failed test counts as one failure, and so does a stage that counted nothing,
so a stage can not drop out unseen. Skipped tests are named and are neither passed nor failed.

Some system tests run in real time, on a host that may stop them at any moment for as long as it likes. So up to SECOND_LOOKS
system tests that failed are run again, alone; what fails again has failed, and what passes then is named in the summary as
unsteady: it is to be mended, but no verdict on the change that is tested.
"""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree


def count_lines(name):
    """A counter for stages that end with `NAME: N passed, N failed`."""
    def count(output, _):
        match = re.search(rf"^{name}: (\d+) passed, (\d+) failed$", output, re.MULTILINE)
        return (int(match.group(1)), int(match.group(2)), 0) if match else (0, 0, 0)
    return count


def count_junit(_, file):
    try:
        suites = ElementTree.parse(file).getroot().iter("testsuite")
    except (OSError, ElementTree.ParseError):
        return 0, 0, 0
    tests = failed = skipped = 0
    for suite in suites:
        tests += int(suite.get("tests"))
        failed += int(suite.get("failures")) + int(suite.get("errors"))
        skipped += int(suite.get("skipped"))
    return max(0, tests - failed - skipped), failed, skipped


SECOND_LOOKS = 3


def plain(name):
    """The name of a test without what pytest-xdist adds: the group in which it ran."""
    return re.sub(r"@\w+$", "", name)


def failed_tests(file):
    """The system tests that failed, as pytest wants them named."""
    try:
        cases = ElementTree.parse(file).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return []
    return [f"{case.get('classname').replace('.', '/')}.py::{plain(case.get('name'))}" for case in cases
            if case.find("failure") is not None or case.find("error") is not None]


def look_again(build, command, junit, counts):
    """Runs the few tests that failed once more, alone; returns the new (passed, failed, skipped) and the unsteady ones."""
    good, bad, skips = counts
    names = failed_tests(junit)
    if not 0 < len(names) <= SECOND_LOOKS or len(names) != bad:
        return counts, []
    print(f"==== system tests that failed, alone: {' '.join(names)}", flush=True)
    second = build / "test/system-again.xml"
    second.unlink(missing_ok=True)
    alone = [word for word in command if word not in ("-n", "2", "--dist", "loadgroup", "tests/system")]
    alone = [word.replace(str(junit), str(second)) for word in alone]
    run([*alone, *names], build / "test/system-tests-again.log")
    passed_now, _, _ = count_junit(None, second)
    again = set(failed_tests(second))
    unsteady = [name for name in names if name not in again] if passed_now == len(names) - len(again) else []
    return (good + len(unsteady), bad - len(unsteady), skips), unsteady


def count_one(_output, _file):
    """A stage that is one test: main() turns its exit status into the verdict."""
    return 0, 0, 0


def verdict(good, bad, status):
    """Adds the failure that a stage did not count itself: it ended badly, or it counted nothing."""
    return good, bad + (1 if (status != 0 and bad == 0) or good + bad == 0 else 0)


def run(command, log):
    """Runs a command, shows its output as it comes and keeps it in `log`; returns (output, exit status)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace") as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            file.write(line)
            lines.append(line)
    return "".join(lines), process.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    build = Path(options.build)
    make = ["make", f"-j{options.jobs}", f"BUILD={build}"]
    junit = build / "test/system.xml"
    stages = [
        ("build with gcc", [*make, "all", "iso"], count_one),
        ("build with clang", ["make", f"-j{options.jobs}", "TOOLCHAIN=clang", f"BUILD={build}/clang", "all"], count_one),
        ("unit tests", [*make, "unit"], count_lines("unit")),
        ("checks", [*make, "check"], count_lines("check")),
        ("proofs", [sys.executable, "tests/prove/run.py", "--build", str(build), "--jobs", options.jobs], count_lines("prove")),
        ("fuzz targets", [*make, "fuzz-short"], count_lines("fuzz")),
        ("coverage", [*make, "coverage"], count_lines("coverage")),
        ("system tests", [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup",
                          f"--junitxml={junit}", "--build", str(build), "tests/system"], count_junit),
    ]
    junit.unlink(missing_ok=True)
    passed = failed = skipped = 0
    summary, unsteady = [], []
    for name, command, count in stages:
        print(f"==== {name}", flush=True)
        started = time.monotonic()
        output, status = run(command, build / "test" / (name.replace(" ", "-") + ".log"))
        good, bad, skips = count(output, junit)
        if status == 0 and count is count_one:
            good = 1
        if count is count_junit and bad:
            (good, bad, skips), unsteady = look_again(build, command, junit, (good, bad, skips))
            status = status if bad else 0
        good, bad = verdict(good, bad, status)
        summary.append(f"{name:18} {good:5} passed {bad:3} failed {skips:3} skipped {time.monotonic() - started:6.0f} s")
        passed, failed, skipped = passed + good, failed + bad, skipped + skips
    print("====")
    for line in summary:
        print(line)
    for name in unsteady:
        print(f"unsteady: {name} failed beside other tests and passed alone; its first failure is in the output above")
    if skipped:
        print(f"{skipped} skipped, each named above with its reason; they count neither as passed nor as failed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
