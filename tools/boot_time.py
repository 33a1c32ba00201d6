#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long the boot takes (part of `make bench`): from the entry out of the loader to the first instruction of a guest, by
parts. Table, JSON, CSV and SVG.

The hypervisor notes the TSC at the end of each part, and a guest of one page reads it by its first instruction. With QEMU's
`-icount shift=0,sleep=off` a tick is an instruction and a nanosecond; most of them are spent waiting, while clocks are
measured against each other. What firmware and loader take before is not part of it: that is another time in each run, since
the host's disk has a part in it. Behind the entry nothing depends on when that was, so all parts are the same in every run.
"""

import argparse
import json
import re
import sys

import figures

TIMEOUT_S = 300
PARTS = {
    "loader": "64-bit mode, the loader's information",
    "console": "this CPU, serial line, screen, boot line",
    "memory": "page allocator, page tables",
    "interrupts": "ACPI, interrupt controllers",
    "clock": "clocks, measured against each other",
    "timer": "the timer and its queue",
    "cpus": "scheduler, other CPUs",
    "guests": "the guest is made",
    "entry": "into the guest",
}
COLUMNS = ("part", "ticks", "us")


def parse(output):
    """Returns (rows, problems) of the lines `@json boot {...}` and `@json first_instruction {...}`; the last row is all."""
    boot = re.search(r"^@json boot (.*?)\r*$", output, re.MULTILINE)
    first = re.search(r"^@json first_instruction (.*?)\r*$", output, re.MULTILINE)
    clock = re.search(r"calibration: tsc (\d+) Hz", output)
    if boot is None or first is None or clock is None:
        return [], ["the boot's phases, the guest's first instruction or the rate of the TSC did not come"]
    try:
        tsc = json.loads(boot[1])
        tsc["entry"] = json.loads(first[1])["tsc"]
        ends = [tsc["entry_tsc"], *(tsc[part] for part in PARTS)]
    except (ValueError, KeyError) as error:
        return [], [f"a line is not what it should be: {error!r}"]
    if ends != sorted(ends) or ends[0] == 0:
        return [], [f"the phases did not come one after the other: {ends}"]
    hz = int(clock[1])
    ticks = {part: end - start for part, start, end in zip(PARTS, ends, ends[1:])}
    ticks["all"] = sum(ticks.values())
    return [{"part": part, "ticks": count, "us": round(count * 1e6 / hz, 3)} for part, count in ticks.items()], []


def table(rows, unit):
    lines = figures.align([("part", unit, "us")] + [[row["part"], row["ticks"], f"{row['us']:.1f}"] for row in rows])
    return [f"{line}  {what}".rstrip() for line, what in zip(lines, ["", *(PARTS.get(row["part"], "") for row in rows)])]


PLOT = """
set style data histograms
set style histogram clustered gap 0.6
set style fill solid 1 noborder
set logscale y
set grid ytics
set xtics scale 0
set yrange [0.05:*]
set boxwidth 0.8 relative
set format y "%g"
unset key
set title "Boot to the first instruction of a guest: microseconds"
plot $parts using 2:xtic(1) lc rgb "{blue}", "" using 0:2:(sprintf("%.1f", $2)) with labels offset 0,0.7
"""


def plot(rows, output):
    data = "".join(f'"{row["part"]}" {row["us"]}\n' for row in rows)
    figures.plot(f"$parts << EOD\n{data}EOD\n" + PLOT.format(blue=figures.BLUE), output, "900,360")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", help="an ISO that boots the guest `first`")
    figures.add_options(parser, "boot.json, .csv and .svg")
    options = parser.parse_args()

    def publish(rows):
        unit = figures.unit(options)
        folder = figures.write(options.output, "boot", rows, COLUMNS, figures.about(options, unit))
        plot(rows, folder / "boot.svg")
        print(*table(rows, unit), sep="\n")
        print(f"boot_time: figures written to {folder}/boot.json, .csv and .svg")

    return figures.main("boot_time", options, TIMEOUT_S, parse, publish)


if __name__ == "__main__":
    sys.exit(main())
