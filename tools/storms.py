#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a neighbour feels of storms: `make storms`.

Boots an honest guest that sleeps for random times (tests/guests/neighbour.c) beside 0, 1, 10 or 100 guests
that do one thing as fast as they can (tests/guests/storm.c), all on one CPU, in virtual time, and prints how late it woke.
That depends on nothing but the code: one instruction is one nanosecond. The exit status is 0 if no 99.9th percentile is
above bound_ns().
"""

import argparse
import concurrent.futures
import os
import re
import sys
import tempfile
from pathlib import Path

import mkiso
import qemu

KINDS = {
    "arm": "arms 1 ns, 0 and the past while it runs",
    "block": "waits for a deadline that has passed",
    "nap": "sleeps for 1 to 5 us",
    "rearm": "moves its deadline to and fro",
    "tick": "waits for each tick of 10 us",
    "doorbell": "rings the neighbour",
    "chorus": "rings the neighbour, sleeps for 1 to 5 us",
    "console": "writes 4 KiB to its console",
    "yield": "yields",
    "spin": "computes with interrupts off",
    "all": "all of these, in turn",
}


def bound_ns(attackers):
    """Of the neighbour's lateness, at the 99.9th percentile (hv/vm/README.md says why)."""
    return 6000 + 100 * attackers


def modules(build, kind, attackers):
    """The neighbour begins when all others have been made and had their first turns, and they end after it. It uses less than
    its share of the CPU: of a hundredth it has little."""
    for_ms, after_ms, sleep_us = (200, 200, 1000) if attackers > 10 else (100, 20, 200)
    guests = build / "guests"
    neighbour = (guests / "neighbour.elf", f"neighbour mem=16K -- for={for_ms}ms sleep={sleep_us}us")
    storm = (guests / "storm.elf", f"storm mem=24K count={attackers} -- kind={kind} for={20 + for_ms + after_ms}ms")
    return [neighbour, storm] if attackers else [neighbour]


def run(build, kind, attackers, time_limit_s):
    """One boot. Returns (figures or None, serial text); without figures the text says why."""
    with tempfile.TemporaryDirectory(prefix="lull-storms-") as folder:
        iso = Path(folder) / "storms.iso"
        mkiso.build(iso, build / "lull.elf", *mkiso.entry("mode=bench exit=debug", modules(build, kind, attackers)))
        text, problems = qemu.run(qemu.command(iso, icount=True, memory="256M"), time_limit_s)
    if problems:
        return None, f"{problems[0]}\n{text}"
    return figures(text), text


def figures(text):
    """What the neighbour has written, and how many events of the others were deferred."""
    match = re.search(r"^neighbour: (\d+) events, (\d+) rings, late by p50 (\d+) p99 (\d+) p999 (\d+) max (\d+) ns$", text,
                      re.MULTILINE)
    if match is None:
        return None
    names = ("events", "rings", "p50_ns", "p99_ns", "p999_ns", "max_ns")
    deferred = re.findall(r"^storm: \w+, \d+ turns, (\d+) deferred$", text, re.MULTILINE)
    return {**dict(zip(names, map(int, match.groups()))), "deferred": sum(map(int, deferred))}


def row(kind, attackers, found):
    return (f"{attackers:9}  {kind:9} {KINDS.get(kind, ''):42} {found['rings']:7} {found['deferred']:8} {found['p50_ns']:7} "
            f"{found['p99_ns']:7} {found['p999_ns']:7} {found['max_ns']:7} {bound_ns(attackers):7}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--attackers", type=int, nargs="+", default=[0, 1, 10, 100])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--time-limit", type=float, default=1800, help="seconds for one boot")
    options = parser.parse_args()
    runs = [(kind if count else "none", count) for count in options.attackers
            for kind in (options.kinds if count else options.kinds[:1])]
    failed = False
    print(f"{'attackers':9}  {'kind':9} {'what each does':42} {'rings':>7} {'deferred':>8} {'p50':>7} {'p99':>7} {'p99.9':>7} "
          f"{'max':>7} {'bound':>7}")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = [pool.submit(run, options.build, kind, count, options.time_limit) for kind, count in runs]
        for (kind, count), result in zip(runs, results):
            found, text = result.result()
            if found is None:
                print(f"{count} {kind}: {text}", file=sys.stderr)
                failed = True
                continue
            print(row(kind, count, found), flush=True)
            failed |= found["p999_ns"] > bound_ns(count)
    print("storms: failed" if failed else "storms: success")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
