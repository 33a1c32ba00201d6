#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the cycle-count benchmarks (`make bench`) and prints them: the time path beside its goals and the strongest peer,
and what each hypercall costs.

QEMU runs with `-icount shift=0,sleep=off`: its time-stamp counter counts retired instructions, so the figures are
the same on every machine and in every run. A ring crossing, an MMIO access and a TLB flush cost one instruction
there, unlike on hardware, so the hypervisor counts them and they stand beside the instructions.
"""

import argparse
import json
import re
import sys

import figures
import qemu

TIMEOUT_S = 300
KEYS = ("name", "unit", "n", "min", "median", "p99", "max", "crossings", "mmio", "cr3_loads")

# name: (goal, Xen 4.17 as packaged, Xen tuned, bare CPU), median instructions of one operation on the same
# emulated machine: QEMU 7.2, -M q35 -cpu max -smp 1 -icount shift=0,sleep=off, PV guest at ring 3. None: no goal.
GOALS = {
    "hypercall_null_int": (40, "278", "225", "2"),
    "hypercall_null_syscall": (40, "278", "225", "2"),
    "arm_head": (120, "861-1084", "795-986", "1"),
    "rearm_later": (12, "512-696", "458-986", "0"),
    "expiry_to_handler_running": (180, "1026", "931", "2"),
    "expiry_to_handler_blocked": (250, "3757", "2062", "2"),
    "block_wake": (600, "6359", "3674", "-"),
    "block_wake_one_call": (600, "6359", "3674", "-"),
    "arm_deadline": (120, "861-1084", "795-986", "1"),
    "arm_deadline_slack": (None, "-", "-", "-"),
    "doorbell_pingpong": (1000, "10353", "6520", "-"),
    "exception_reflect_bp": (150, "652", "592", "2"),
    "clock_read": (None, "-", "-", "-"),
}

# (hypercall, what of it, figure; None: nobody is there to measure it; two and the bytes between them). By number, as in
# hv/shared/abi/README.md.
CALLS = (
    ("0 NOP", "by int 0x80, as all below", "hypercall_null_int"),
    ("", "by syscall", "hypercall_null_syscall"),
    ("1 SET_CLOCKEVENT", "now the first event of the CPU", "arm_head"),
    ("", "later than the one that it replaces", "clockevent_later"),
    ("", "0", "clockevent_off"),
    ("2 SET_PERIODIC", "now the first event of the CPU", "periodic"),
    ("", "0", "periodic_off"),
    ("3 CLOCK_READ", "", "clock_read_call"),
    ("4 HALT", "an interrupt is pending: to its handler", "halt_pending"),
    ("", "after SET_CLOCKEVENT, wait, handler: all", "block_wake"),
    ("5 DELIVER", "nothing is pending", "deliver_nothing"),
    ("", "to the handler", "deliver"),
    ("6 SET_UPCALLS", "", "set_upcalls"),
    ("7 CONSOLE_WRITE", "1 byte", "console_write_1"),
    ("", "256 bytes", "console_write_256"),
    ("", "4096 bytes", "console_write_4096"),
    ("", "each byte", ("console_write_1", "console_write_256", 255)),
    ("8 EXIT", "", None),
    ("9 YIELD", "nobody else wants the CPU", "yield"),
    ("10 DOORBELL", "at itself", "doorbell_self"),
    ("", "another, it rings back, 2 HALTs: all", "doorbell_pingpong"),
    ("11 COUNTERS", "", "counters"),
    ("12 SET_DEADLINE", "now the first event of the CPU", "arm_deadline"),
    ("", "the same, with a slack", "arm_deadline_slack"),
    ("", "later than the one that it replaces", "deadline_later"),
    ("", "takes back one that is pending", "deadline_pending"),
    ("", "never", "deadline_never"),
    ("13 BLOCK", "an interrupt is pending", "block_pending"),
    ("", "arm, wait, go on: all", "block_wake_one_call"),
    ("14 RUN_TIMES", "", "run_times"),
    ("15 SET_RUNTIME", "now the first event of the CPU", "runtime"),
    ("", "never", "runtime_never"),
    ("16 CONSOLE_READ", "nothing is there", "console_read_nothing"),
    ("", "1 byte", "console_read_1"),
    ("", "64 bytes", "console_read_64"),
    ("", "each byte", ("console_read_1", "console_read_64", 63)),
    ("32 UPCALL_RETURN", "", "upcall_return"),
    ("any other number", "", "unknown_number"),
    ("no call", "store a later deadline in the page", "rearm_later"),
    ("", "read the clock by the time page", "clock_read"),
    ("", "an exception to its handler and back", "exception_reflect_bp"),
)
NAMES = {*GOALS, *(figure for _, _, figure in CALLS if isinstance(figure, str))}


def parse(output):
    """Returns (figures, problems) of the lines `@json micro {...}` in the serial output."""
    rows, problems = [], []
    for text in re.findall(r"@json micro (.*?)\r*$", output, re.MULTILINE):
        try:
            figure = json.loads(text)
        except ValueError as error:
            problems.append(f"{text!r} is no JSON: {error}")
            continue
        missing = [key for key in KEYS if key not in figure]
        if missing:
            problems.append(f"{text!r} lacks {', '.join(missing)}")
        elif figure["name"] not in NAMES:
            problems.append(f"{figure['name']} is no benchmark that this tool knows")
        elif not 0 <= figure["min"] <= figure["median"] <= figure["p99"] <= figure["max"] or figure["n"] <= 0:
            problems.append(f"{text!r} is not ordered min <= median <= p99 <= max over at least one sample")
        else:
            rows.append({key: figure[key] for key in KEYS})
    names = [figure["name"] for figure in rows]
    problems += [f"{name} came twice" for name in sorted(set(names)) if names.count(name) > 1]
    if not rows:
        problems.append("no figures came")
    return rows, problems


def table(rows):
    """The figures of the time path beside their goals and peers, as lines."""
    lines = [f"{'instructions':27}{'min':>7}{'median':>8}{'p99':>7}{'max':>8}{'goal':>7}{'Xen':>10}{'Xen tuned':>11}"
             f"{'bare':>6}{'crossings':>11}{'MMIO':>6}{'CR3':>5}"]
    for figure in rows:
        if figure["name"] not in GOALS:
            continue
        goal, xen, tuned, bare = GOALS[figure["name"]]
        lines.append(f"{figure['name']:27}{figure['min']:>7}{figure['median']:>8}{figure['p99']:>7}{figure['max']:>8}"
                     f"{'-' if goal is None else goal:>7}{xen:>10}{tuned:>11}{bare:>6}"
                     f"{figure['crossings']:>11}{figure['mmio']:>6}{figure['cr3_loads']:>5}")
    return lines


def calls_table(rows):
    """What each hypercall costs, as lines."""
    by_name = {figure["name"]: figure for figure in rows}
    lines = [f"{'instructions':18}{'':42}{'median':>7}{'p99':>8}{'crossings':>11}{'MMIO':>6}{'CR3':>6}"]
    for call, what, name in CALLS:
        figure = by_name.get(name, {})
        if isinstance(name, tuple) and {*name[:2]} <= by_name.keys():
            few, more = (by_name[point]["median"] for point in name[:2])
            figure = {"median": round((more - few) / name[2], 1)}
        median, p99, crossings, mmio, cr3 = (figure.get(key, "-") for key in KEYS[4:6] + KEYS[7:])
        lines.append(f"{call:18}{what:42}{median:>7}{p99:>8}{crossings:>11}{mmio:>6}{cr3:>6}")
    return lines


def limits(rows):
    """The rows of the table in tests/system/test_bench.py for these figures."""
    def above(count):
        return -(-count * 103 // 100)

    return [f"    \"{figure['name']}\": ({above(figure['median'])}, {above(figure['p99'])}, "
            f"{GOALS.get(figure['name'], (None,))[0]})," for figure in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso")
    parser.add_argument("--output", default="build/bench", help="folder for micro.json and micro.csv")
    parser.add_argument("--limits", action="store_true", help="print the limits that fit these figures, for the test")
    qemu.add_options(parser)
    options = parser.parse_args()

    def publish(found):
        folder = figures.write(options.output, "micro", found, KEYS)
        print(*(limits(found) if options.limits else [*table(found), "", *calls_table(found)]), sep="\n")
        print(f"bench: figures written to {folder}/micro.json and {folder}/micro.csv")

    return figures.main("bench", options, TIMEOUT_S, parse, publish)


if __name__ == "__main__":
    sys.exit(main())
