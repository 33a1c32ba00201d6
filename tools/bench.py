#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the cycle-count benchmarks (`make bench`) and prints them: the time path beside its goals, the strongest peer and the
floor, and what each hypercall costs.

QEMU runs with `-icount shift=0,sleep=off`: its time-stamp counter counts retired instructions, so the figures are
the same on every machine and in every run. A ring crossing, an MMIO access and a TLB flush cost one instruction
there, unlike on hardware, so the hypervisor counts them and they stand beside the instructions. The floor is what a kernel
without a hypervisor's work pays for the same (tests/floor). With `--accel kvm` the unit is a cycle of the CPU's TSC, and
neither goals nor peers, which are instructions, are shown beside.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import figures

TIMEOUT_S = 300
KEYS = ("name", "unit", "n", "min", "median", "p99", "max", "crossings", "mmio", "cr3_loads")
COUNTED_MAX = 1000  # of an operation: crossings, accesses, loads of CR3

# Median instructions of one operation that Lull wants to keep to. None: no goal.
GOALS = {
    "hypercall_null_int": 40,
    "hypercall_null_syscall": 40,
    "arm_head": 120,
    "rearm_later": 12,
    "expiry_to_handler_running": 180,
    "expiry_to_handler_blocked": 250,
    "block_wake": 600,
    "block_wake_one_call": 600,
    "arm_deadline": 120,
    "arm_deadline_slack": None,
    "doorbell_pingpong": 1000,
    "exception_reflect_bp": 150,
    "clock_read": None,
}

# What tools/peers.py has measured of Xen, by the same code on the same emulated machine.
XEN_RECORD = Path(__file__).resolve().parents[1] / "tests/peers/xen.json"

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
    ("17 WATCHDOG", "set again", "watchdog_again"),
    ("", "0", "watchdog_off"),
    ("32 UPCALL_RETURN", "", "upcall_return"),
    ("any other number", "", "unknown_number"),
    ("no call", "store a later deadline in the page", "rearm_later"),
    ("", "read the clock by the time page", "clock_read"),
    ("", "an exception to its handler and back", "exception_reflect_bp"),
)
NAMES = {*GOALS, *(figure for _, _, figure in CALLS if isinstance(figure, str))}


FLOOR_OF = {"block_wake_one_call": "block_wake", "arm_deadline": "arm_head"}  # the same, for less than a hypervisor


def parse_lines(output, mark, keys, names):
    """Returns (figures, problems) of the lines that begin with `mark` in the serial output."""
    rows, problems = [], []
    for text in re.findall(rf"^{mark} (.*?)\r*$", output, re.MULTILINE):
        try:
            figure = json.loads(text)
        except ValueError as error:
            problems.append(f"{text!r} is no JSON: {error}")
            continue
        missing = [key for key in keys if key not in figure]
        if missing:
            problems.append(f"{text!r} lacks {', '.join(missing)}")
        elif figure["name"] not in names:
            problems.append(f"{figure['name']} is no benchmark that this tool knows")
        elif not 0 <= figure["min"] <= figure["median"] <= figure["p99"] <= figure["max"] or figure["n"] <= 0:
            problems.append(f"{text!r} is not ordered min <= median <= p99 <= max over at least one sample")
        elif any(not 0 <= figure.get(key, 0) <= COUNTED_MAX for key in KEYS[7:]):
            problems.append(f"{text!r} counts what no operation does")
        elif figure["unit"] not in figures.UNITS:
            problems.append(f"{figure['name']} came in {figure['unit']}, which is no unit")
        else:
            rows.append({key: figure[key] for key in keys})
    names = [figure["name"] for figure in rows]
    problems += [f"{name} came twice" for name in sorted(set(names)) if names.count(name) > 1]
    if len({figure["unit"] for figure in rows}) > 1:
        problems.append("not all figures came in one unit")
    if not rows:
        problems.append("no figures came")
    return rows, problems


def parse(output):
    """Returns (figures, problems) of the lines `@json micro {...}` in the serial output."""
    return parse_lines(output, "@json micro", KEYS, NAMES)


def parse_floor(output):
    """The same of the floor kernel, which counts nothing beside."""
    rows, problems = parse_lines(output, "@json floor", KEYS[:7], set(GOALS))
    missing = {*GOALS} - {figure["name"] for figure in rows} - {*FLOOR_OF} - {"arm_deadline_slack"}
    return rows, problems + [f"there is no floor of {name}" for name in sorted(missing)]


def parse_cpu(output):
    """(model, TSC kHz) as the machine says; None where it does not."""
    found = re.search(r'^@json cpu (.*?)\r*$', output, re.MULTILINE)
    return json.loads(found[1]) if found else None


def floors(rows):
    """{name: median} of the floor for the figures of the time path; `rows` are those of parse_floor()."""
    medians = {figure["name"]: figure["median"] for figure in rows}
    return {name: medians[of] for name, of in [*((name, name) for name in medians), *FLOOR_OF.items()] if of in medians}


def xen_medians():
    """{name: median} of Xen with timer_slop=0: what its paths take, without what it waits."""
    return {figure["name"]: figure["median"] for figure in figures.read(XEN_RECORD)["xen_slop0"]["micro"]}


def table(rows, floor):
    """The figures of the time path beside their goals and the peer's, and their floor, as lines. Goals and the peer's are
    instructions, so they do not stand beside anything else."""
    unit, least, xen = rows[0]["unit"], floors(floor), xen_medians()
    exact = unit == figures.INSTRUCTIONS
    peers = f"{'goal':>7}{'Xen':>7}" if exact else ""
    lines = [f"{unit:27}{'min':>7}{'median':>8}{'p99':>7}{'max':>8}{'floor':>7}{peers}{'crossings':>11}{'MMIO':>6}{'CR3':>5}"]
    for figure in rows:
        if figure["name"] not in GOALS:
            continue
        goal = GOALS[figure["name"]]
        peers = f"{'-' if goal is None else goal:>7}{xen.get(figure['name'], '-'):>7}" if exact else ""
        lines.append(f"{figure['name']:27}{figure['min']:>7}{figure['median']:>8}{figure['p99']:>7}{figure['max']:>8}"
                     f"{least.get(figure['name'], '-'):>7}{peers}"
                     f"{figure['crossings']:>11}{figure['mmio']:>6}{figure['cr3_loads']:>5}")
    return lines


def calls_table(rows):
    """What each hypercall costs, as lines."""
    by_name = {figure["name"]: figure for figure in rows}
    lines = [f"{rows[0]['unit']:18}{'':42}{'median':>7}{'p99':>8}{'crossings':>11}{'MMIO':>6}{'CR3':>6}"]
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
            f"{GOALS.get(figure['name'])})," for figure in rows]


PLOT = """
set style data histograms
set style histogram clustered gap 1.2
set style fill solid 1 noborder
set logscale y
set yrange [1:20000]
set grid ytics
set xtics scale 0 rotate by 20 right font ",12"
set bmargin 6
set key bmargin center horizontal Left reverse samplen 1
set title "Median {unit}, less is better"
plot {columns}
"""
WORDS = {"hypercall_null_int": "null hypercall", "arm_head": "arm, first event", "expiry_to_handler_running": "expiry, running",
         "expiry_to_handler_blocked": "expiry, asleep", "block_wake_one_call": "block and wake", "doorbell_pingpong": "ping-pong",
         "exception_reflect_bp": "exception"}


def plot(rows, floor, output):
    least, medians, xen = floors(floor), {figure["name"]: figure["median"] for figure in rows}, xen_medians()
    unit = rows[0]["unit"]
    script = "$data << EOD\n"
    for name, words in WORDS.items():
        if name in medians:
            script += f'"{words}" {least.get(name, "NaN")} {medians[name]} {xen.get(name, "NaN")}\n'
    bars = [("floor", 2, figures.GREY), ("Lull", 3, figures.BLUE), ("Xen", 4, figures.RED)]
    columns = ", ".join(f'$data using {column}:xtic(1) title "{title}" lc rgb "{colour}"'
                        for title, column, colour in bars[:3 if unit == figures.INSTRUCTIONS else 2])
    figures.plot(script + "EOD\n" + PLOT.format(unit=unit, columns=columns), output)


def run(iso, options, parse_output):
    """(figures, problems, serial output) of one ISO."""
    output, problems = figures.boot(iso, options, TIMEOUT_S)
    found, more = parse_output(output)
    return found, problems + more, output


def publish(found, floor, options, output):
    unit, cpu = found[0]["unit"], parse_cpu(output)
    what = figures.about(options, unit, cpu)
    folder = figures.write(options.output, "micro", found, KEYS, what)
    figures.write(options.output, "floor", floor, KEYS[:7], what)
    plot(found, floor, folder / "micro.svg")
    print(*(limits(found) if options.limits else [*table(found, floor), "", *calls_table(found)]), sep="\n")
    print(f"{unit}: {figures.UNITS[unit]}")
    if cpu is not None:
        print(f"CPU: {cpu['model']}, TSC at {cpu['tsc_khz'] / 1000:.3f} MHz")
    print(f"bench: figures written to {folder}/micro.json, micro.csv, micro.svg, floor.json and floor.csv")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso")
    parser.add_argument("floor", help="the ISO of the floor kernel")
    parser.add_argument("--limits", action="store_true", help="print the limits that fit these figures, for the test")
    figures.add_options(parser, "micro.json, .csv, .svg and floor.json, .csv")
    options = parser.parse_args()
    try:
        found, problems, output = run(options.iso, options, parse)
        floor, more, _ = run(options.floor, options, parse_floor)
    except ValueError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return figures.finish("bench", output, problems + more, lambda: publish(found, floor, options, output))


if __name__ == "__main__":
    sys.exit(main())
