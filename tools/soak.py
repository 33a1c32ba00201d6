#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A month of virtual uptime, several times over: `make soak`.

Boots mode=soak (hv/monitor/soak.h) in QEMU with `-icount shift=0,sleep=off`, in which a sleeping machine's time costs
nothing, once for each of the clocks and timers below. Rounds of ten guests with four timers each and of a single guest with one
timer alternate, so the CPU sleeps for microseconds and for minutes. A run is a success when the hypervisor says so (each
guest ended well, no event early, memory and timers back, the clock within the published bound), when no event was later than
LATE_MAX_NS, and when the machine really lived that long. A lost wake-up ends in the time limit.
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

# name: words for the boot line
RUNS = {
    "tsc": "",                                          # TSC and LAPIC timer, checked against the 64-bit HPET and
                                                        # with its comparator behind each long sleep
    "handover": "handover=on",                          # the LAPIC timer awake, the HPET asleep
    "hpet64": "clocksource=hpet clockevent=hpet",       # HPET for both, checked against the TSC
    "hpet32": "clocksource=hpet clockevent=hpet hpet=32",
    "hpet32-lapic": "clocksource=hpet clockevent=lapic hpet=32",  # the LAPIC timer must wake the CPU before each wrap
}

# The runs whose timer chip cannot count so far, so that the CPU is woken on the way.
SHORT_RANGE = ("tsc", "hpet32", "hpet32-lapic")

# Timers from a nanosecond to 18 minutes: beyond the range of every timer chip and beyond the HPET's 32 bits.
MODULES = ("many count=10 mem=64K -- work=random n=2000 timers=4 bits=40",
           "one mem=64K -- work=random n=400 timers=1 bits=40")

HOURS = 720

# Virtual time, exact: what an event waits for when all ten guests start or print at once is a tenth of this.
LATE_MAX_NS = 1_000_000


def soak(build, name, hours, time_limit_s):
    """Runs one of RUNS for `hours` of virtual time; returns (figures or None, problems, serial text)."""
    boot_line = f"mode=soak soak_hours={hours} exit=debug {RUNS[name]}"
    with tempfile.TemporaryDirectory(prefix="lull-soak-") as folder:
        iso = Path(folder) / "soak.iso"
        mkiso.build(iso, build / "lull.elf",
                    *mkiso.entry(boot_line, [(build / "guest.elf", line) for line in MODULES]))
        text, problems = qemu.run(qemu.command(iso, icount=True), time_limit_s)
    figures, more = judge(text, hours)
    return figures, problems + more, text


def judge(text, hours):
    """Returns (figures or None, problems) of what the hypervisor printed."""
    verdict = re.search(r"^soak: (success|failure: .*)$", text, re.MULTILINE)
    match = re.search(r"^@json soak (.*)$", text, re.MULTILINE)
    if verdict is None or match is None:
        return None, ["there is no verdict"]
    figures = json.loads(match.group(1))
    problems = [] if verdict.group(1) == "success" else [verdict.group(1)]
    if figures["time_ns"] < hours * 3600 * 10**9:
        problems.append(f"it lived for {figures['time_ns']} ns only")
    if figures["latest_ns"] > LATE_MAX_NS:
        problems.append(f"an event was {figures['latest_ns']} ns late")
    if abs(figures["ahead_ns"]) > figures["bound_ns"]:
        problems.append(f"the clock has drifted by {figures['ahead_ns']} ns, beyond {figures['bound_ns']} ns")
    for key in ("early", "lost", "late", "useless", "violations"):
        if figures[key] != 0:
            problems.append(f"{key}: {figures[key]}")
    if figures["events"] < 10 * hours:
        problems.append(f"there were {figures['events']} events only")
    return figures, problems


def line(name, figures):
    return (f"soak {name}: {figures['time_ns'] / 86400e9:.1f} days, {figures['rounds']} rounds, {figures['events']} "
            f"events, latest {figures['latest_ns'] / 1000:.1f} us, {figures['interrupts']} timer interrupts of which "
            f"{figures['range']} only for the chip's range; {figures['clock']} {figures['ahead_ns']:+d} ns against "
            f"{figures['reference']}, bound {figures['bound_ns'] / 1e9:.3f} s")


def lines(results):
    """Of the runs that have figures, in the order of RUNS."""
    return [line(name, results[name]) for name in RUNS if results.get(name) is not None]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", default=list(RUNS), help=f"of {', '.join(RUNS)}")
    parser.add_argument("--build", default="build", help="folder that holds lull.elf and guest.elf")
    parser.add_argument("--hours", type=int, default=HOURS, help="virtual hours of each run (%(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--time-limit", type=float, default=3600, metavar="S", help="for each run, in real seconds")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--text", help="file for what is printed of them, for tools/readme.py; written if all went well")
    options = parser.parse_args()
    if not set(options.runs) <= set(RUNS):
        parser.error(f"there are {', '.join(RUNS)}")
    results, failed = {}, False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(soak, Path(options.build), name, options.hours, options.time_limit): name
                   for name in options.runs}
        for future in concurrent.futures.as_completed(futures):
            name = futures[future]
            results[name], problems, text = future.result()
            if results[name] is not None:
                print(line(name, results[name]), flush=True)
            if problems:
                failed = True
                print("\n".join(text.splitlines()[-40:]))
                for problem in problems:
                    print(f"soak {name}: FAILED: {problem}", file=sys.stderr)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2) + "\n", encoding="ascii")
    if options.text and not failed:
        Path(options.text).write_text("\n".join(lines(results)) + "\n", encoding="ascii")
    print("soak: failed" if failed else "soak: success")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
