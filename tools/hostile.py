#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hostile guests by the billion operations: `make hostile`.

Boots mode=fuzz (hv/monitor/fuzz.h) in QEMU again and again, each time with seeds of its own and on the next of the machines
below, and adds up what was tried. A run is a success when the hypervisor says so: no hostile guest got through, no honest
guest beside them saw a changed byte, register or flag, a clock that stepped or, where time is deterministic, an event later
than LATE; memory, timers and accounts were in order at the end. The operations are those that the hostile guests counted.

Each run that ended is kept in the file of --json, with the commit it was built from: stopped and started again, it goes on
behind the last one.
"""

import argparse
import concurrent.futures
import json
import re
import sys
import tempfile
from pathlib import Path

import mkiso
import qemu

# Behind its deadline, for an honest guest that sleeps, with ATTACKERS hostile guests and another honest one on the same CPU.
LATE = "2ms"
ATTACKERS = 4

# name: arguments of qemu.command(). Without SMAP, QEMU lets ring 3 execute iretq and far returns (tests/guests/README.md).
MACHINES = {
    "all": {},
    "no-smap": {"cpu": "max,-smap,-smep,-umip"},
}
SMP = {"smp": 2}

# Each run has its own seeds: no run makes a million guests for each 10^6 operations.
SEEDS_APART = 10**8


def modules(build, late=LATE, attackers=ATTACKERS):
    """The hostile guests and the honest ones: one that sleeps and may not be late, one whose registers are in use."""
    bound = f" late={late}" if late else ""
    return [(build / "guests" / "fuzz.elf", f"fuzz count={attackers} mem=16K"),
            (build / "guests" / "honest.elf", f"honest name=sleeper mem=24K expect=exit:0 -- for=20ms{bound}"),
            (build / "guests" / "honest.elf", "honest name=worker mem=24K expect=exit:0 -- for=20ms spin=30us")]


def run(build, words, machine, time_limit_s, late=LATE, attackers=ATTACKERS):
    """One boot with `words` on the boot line; returns (figures or None, problems, serial text)."""
    machine = {"icount": True, **machine}
    with tempfile.TemporaryDirectory(prefix="lull-hostile-") as folder:
        iso = Path(folder) / "hostile.iso"
        mkiso.build(iso, build / "lull.elf",
                    *mkiso.entry(f"mode=fuzz exit=debug {words}", modules(build, late, attackers)))
        text, problems = qemu.run(qemu.command(iso, **machine), time_limit_s)
    figures, more = judge(text)
    return figures, problems + more, text


def judge(text):
    """Returns (figures or None, problems) of what the hypervisor printed."""
    problems = [line for line in text.splitlines() if line.startswith(("panic", "fuzz: failure"))]
    match = re.search(r"^@json fuzz (.*)$", text, re.MULTILINE)
    if match is None or re.search(r"^fuzz: success$", text, re.MULTILINE) is None:
        problems.append("there is no success")
    return json.loads(match.group(1)) if match else None, problems


def line(name, figures):
    return (f"hostile {name}: {figures['operations']} operations, {figures['lives']} lives ({figures['killed']} killed, "
            f"{figures['stopped']} stopped, {figures['lost']} without a count); honest: {figures['turns']} turns, "
            f"{figures['events']} events, latest {figures['late_max_ns'] / 1000:.0f} us")


def add_up(runs):
    """The figures of all runs as those of one."""
    sums = {}
    for figures in (one["figures"] for one in runs):
        for key, value in figures.items():
            sums[key] = max(sums.get(key, 0), value) if key.startswith("late") else sums.get(key, 0) + value
    return sums


def commit_of(build):
    """The commit that the hypervisor in `build` says it is of."""
    return re.search(r'= "([^"]*)"', (build / "commit.c").read_text(encoding="ascii")).group(1)


class Log:
    """The runs that have ended well, in a file if there is one."""

    def __init__(self, path):
        self.path = Path(path) if path else None
        self.runs = json.loads(self.path.read_text(encoding="ascii"))["runs"] if path and self.path.exists() else []

    def has(self, seed):
        return any(one["seed"] == seed for one in self.runs)

    def add(self, **one):
        self.runs.append(one)
        if self.path is None:
            return
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"sums": add_up(self.runs), "runs": self.runs}, indent=1) + "\n", encoding="ascii")
        part.replace(self.path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--operations", type=int, default=10**9)
    parser.add_argument("--each", type=int, default=5 * 10**6, help="operations of one boot")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=1800, help="seconds for one boot")
    parser.add_argument("--json", help="a file for what each run found, and the sums")
    options = parser.parse_args()
    for name in ("operations", "each", "jobs"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: at least 1, and not {getattr(options, name)}")
    build, names, log, failed = Path(options.build), list(MACHINES), Log(options.json), False
    if log.runs:
        print(line("before", add_up(log.runs)), flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {}
        for part in range(-(-options.operations // options.each)):
            name, seed = names[part % len(names)], options.seed + part * SEEDS_APART
            if not log.has(seed):
                futures[pool.submit(run, build, f"fuzz_seed={seed} fuzz_ops={options.each}", MACHINES[name],
                                    options.time_limit)] = (name, seed)
        for future in concurrent.futures.as_completed(futures):
            (name, seed), (figures, problems, text) = futures[future], future.result()
            if figures is not None:
                print(line(f"{name} seed {seed}", figures), flush=True)
            if problems:
                failed = True
                print("\n".join(text.splitlines()[-60:]))
                for problem in problems:
                    print(f"hostile {name} seed {seed}: FAILED: {problem}", file=sys.stderr)
            else:
                log.add(seed=seed, machine=name, commit=commit_of(build), figures=figures)
    if log.runs:
        print(line("in all", add_up(log.runs)))
    print("hostile: failed" if failed else "hostile: success")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
