#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs fuzz targets and sums up: run.py short|long|shrink [TARGET:LENGTH:RUNS ...]

short   every input of tests/fuzz/corpus/TARGET, then RUNS runs from a fixed seed: two tests for each target, the same
        each time. The last line is `fuzz: N passed, N failed`.
long    --seconds for each target, from the corpus and from what earlier runs have kept in BUILD/found/TARGET.
shrink  writes what of BUILD/found/TARGET reaches code that the corpus does not into the corpus, each input made small.

An input that fails is kept as BUILD/crash/TARGET/..., and is named together with the command that runs it again.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CORPUS = Path("tests/fuzz/corpus")
SEED = 1
UNIT_SECONDS = 20  # one input that takes longer hangs
SHOWN_LINES = 40


class Target:
    def __init__(self, text, build):
        self.name, self.length, self.runs = text.split(":")
        self.program = build / "run" / self.name
        self.corpus = CORPUS / self.name
        self.found = build / "found" / self.name
        self.crash = build / "crash" / self.name

    def run(self, *arguments):
        """Runs the program; returns (succeeded, seconds, its output). It must say itself that it is done."""
        shutil.rmtree(self.crash, ignore_errors=True)
        self.crash.mkdir(parents=True)
        command = [str(self.program), f"-max_len={self.length}", f"-timeout={UNIT_SECONDS}", f"-seed={SEED}",
                   f"-artifact_prefix={self.crash}/", "-print_final_stats=1", *map(str, arguments)]
        started = time.monotonic()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"})
        seconds = time.monotonic() - started
        crashes = list(self.crash.iterdir())
        return done.returncode == 0 and not crashes, seconds, done.stdout

    def report(self, what, succeeded, seconds, output):
        """Prints the outcome of one test; a failed one with the input that does it."""
        if succeeded:
            runs = re.search(r"^stat::number_of_executed_units: *(\d+)$", output, re.MULTILINE)
            reached = re.findall(r"cov: (\d+)", output)
            print(f"passed  {self.name}, {what}: {runs.group(1) if runs else '?'} runs in {seconds:.1f} s"
                  + (f", {reached[-1]} edges" if reached else ""), flush=True)
            return
        print(f"FAILED  {self.name}, {what}")
        for line in output.splitlines()[-SHOWN_LINES:]:
            print(f"    {line}")
        for crash in self.crash.iterdir():
            print(f"    the input: {crash}\n    again:     {self.program} {crash}", flush=True)

    def inputs(self):
        return sorted(path for path in self.corpus.iterdir() if path.is_file())

    def short(self):
        results = []
        inputs = self.inputs()
        succeeded, seconds, output = self.run(*inputs)
        succeeded = succeeded and len(inputs) > 0 and output.count("\nExecuted ") == len(inputs)
        results.append((f"corpus of {len(inputs)}", succeeded, seconds, output))
        if succeeded:
            scratch = self.crash.parent.parent / "scratch" / self.name
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            succeeded, seconds, output = self.run(f"-runs={self.runs}", scratch, self.corpus)
            done = re.search(r"^Done (\d+) runs", output, re.MULTILINE)
            succeeded = succeeded and done is not None and int(done.group(1)) >= int(self.runs)
            results.append(("fixed seed", succeeded, seconds, output))
        return results

    def long(self, limit):
        self.found.mkdir(parents=True, exist_ok=True)
        succeeded, seconds, output = self.run(f"-max_total_time={limit}", "-use_value_profile=1", self.found, self.corpus)
        return [(f"{limit} s", succeeded, seconds, output)]

    def shrink(self):
        self.found.mkdir(parents=True, exist_ok=True)
        before = set(self.inputs())
        succeeded, seconds, output = self.run("-merge=1", self.corpus, self.found)
        print(f"{self.name}: {len(set(self.inputs()) - before)} new inputs")
        return [("merge", succeeded, seconds, output)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["short", "long", "shrink"])
    parser.add_argument("--build", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("targets", nargs="+", metavar="TARGET:LENGTH:RUNS")
    options = parser.parse_args()
    targets = [Target(text, options.build) for text in options.targets]

    def work(target):
        return target.long(options.seconds) if options.mode == "long" else getattr(target, options.mode)()

    passed = failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for target, results in zip(targets, pool.map(work, targets)):
            for what, succeeded, seconds, output in results:
                target.report(what, succeeded, seconds, output)
                passed, failed = passed + succeeded, failed + (not succeeded)
    print(f"fuzz: {passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
