#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How exactly a delay is what was asked for (part of `make bench`): a guest asks for its next event 1 us to 10 s from now, by
the one call that arms and waits, and reads its clock before and after. Table, JSON, CSV and SVG.

QEMU runs with `-icount shift=0,sleep=off`: a nanosecond is an instruction, idle time costs nothing, and the figures are the
same on every machine. What a delay is late by is what is executed in between: the call, the timer, the way back.
"""

import argparse
import json
import re
import sys

import figures

TIMEOUT_S = 1800
DELAYS = [10 ** power for power in range(3, 11)]
LATE = ("late_min_ns", "late_median_ns", "late_p99_ns", "late_max_ns")
COLUMNS = ("delay_ns", "n", "early", *LATE)
SAMPLES_MIN = 100


def parse(output, samples_min=SAMPLES_MIN):
    """Returns ((rows, unit of a TSC tick), problems) of the lines `@json accuracy {...}` in the serial output."""
    rows, units, problems = [], set(), []
    for text in re.findall(r"^@json accuracy (.*?)\r*$", output, re.MULTILINE):
        try:
            raw = json.loads(text)
            row = {key: raw[key] for key in COLUMNS}
            units.add(raw["tick"])
        except (ValueError, KeyError) as error:
            problems.append(f"{text!r}: {error!r}")
            continue
        late = [row[key] for key in LATE]
        if late != sorted(late) or late[0] < 0:
            problems.append(f"{text!r} is not ordered min <= median <= p99 <= max")
        if row["early"] != 0:
            problems.append(f"{row['early']} of the delays of {row['delay_ns']} ns came early")
        if row["n"] < samples_min:
            problems.append(f"{row['n']} samples of {row['delay_ns']} ns are not {samples_min}")
        rows.append(row)
    if [row["delay_ns"] for row in rows] != DELAYS:
        problems.append(f"the delays that came are not those of {DELAYS[0]} to {DELAYS[-1]} ns")
    if len(units) != 1 or not units <= set(figures.UNITS):
        problems.append(f"ticks came as {sorted(units)}")
    return (rows, min(units, default=None)), problems


def words(delay_ns):
    """1 us, 10 ms: a power of ten, as people write it."""
    for size, unit in ((10 ** 9, "s"), (10 ** 6, "ms"), (10 ** 3, "us")):
        if delay_ns >= size:
            return f"{delay_ns // size} {unit}"
    return f"{delay_ns} ns"


def table(rows):
    heads = ("delay asked for", "samples", "early", "late, min ns", "median", "p99", "max ns")
    return figures.align([heads] + [[words(row["delay_ns"]), row["n"], row["early"], *(row[key] for key in LATE)]
                                    for row in rows])


PLOT = """
set logscale x
{scale}
set xlabel "delay asked for"
set xtics ({tics})
set ylabel "late by, ns"
set grid
set key bottom right Left reverse samplen 2
set bmargin 4
set style data linespoints
set title "A delay of 1 us to 10 s, and what it takes longer"
plot $late using 1:5 title "max" lw 2 pt 7 ps 1.5 lc rgb "{red}", \\
     $late using 1:4 title "p99" lw 2 pt 7 ps 1.1 lc rgb "{yellow}", \\
     $late using 1:3 title "median" lw 2 pt 7 ps 0.7 lc rgb "{blue}", \\
     $late using 1:2 title "min" lw 2 pt 7 ps 0.35 lc rgb "{grey}"
"""
LINEAR, WIDE = "set yrange [0:*]", "set logscale y"
WIDE_FROM = 20  # where the greatest is so many times the least


def plot(rows, output):
    data = "".join(" ".join(str(row[key]) for key in ("delay_ns", *LATE)) + "\n" for row in rows)
    least, greatest = min(row["late_min_ns"] for row in rows), max(row["late_max_ns"] for row in rows)
    tics = ", ".join(f'"{words(delay)}" {delay}' for delay in DELAYS)
    figures.plot(f"$late << EOD\n{data}EOD\n" + PLOT.format(
        tics=tics, scale=LINEAR if greatest < WIDE_FROM * least else WIDE, red=figures.RED, yellow=figures.YELLOW,
        blue=figures.BLUE, grey=figures.GREY), output, "800,400")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", help="an ISO that boots the guest `accuracy`")
    figures.add_options(parser, "accuracy.json, .csv and .svg")
    options = parser.parse_args()

    def publish(found):
        rows, unit = found
        folder = figures.write(options.output, "accuracy", rows, COLUMNS, figures.about(options, unit))
        plot(rows, folder / "accuracy.svg")
        print(*table(rows), sep="\n")
        print(f"accuracy: figures written to {folder}/accuracy.json, .csv and .svg")

    return figures.main("accuracy", options, TIMEOUT_S, lambda output: parse(output, SAMPLES_MIN if figures.virtual(options) else 1), publish)


if __name__ == "__main__":
    sys.exit(main())
