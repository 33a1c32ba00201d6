#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures lateness and cost against the number of guests (part of `make bench`): table, JSON, CSV and SVG.

The hypervisor makes 1, 10, 100, ... guests four times over (hv/monitor/curve.h): idle for ever; with an event far
away; with 1000 events a second in all; with ten events a second each. QEMU runs with `-icount shift=0,sleep=off`, so
a tick of the time-stamp counter is an instruction and the figures are the same on every machine. What the hypervisor
executes includes the accounting that tells its time from the guests', about 20 instructions for each crossing.
"""

import argparse
import json
import re
import sys

import figures

TIMEOUT_S = 900
SERIES = ("idle", "far", "steady", "growing")
MICRO = ("arm_head", "expiry_to_handler_running", "expiry_to_handler_blocked")  # beside the guests of far and steady
KEYS = ("guests", "guest_pages", "time_ns", "events", "early", "hardware_interrupts", "switches", "hypervisor_ticks",
        "guest_ticks", "lateness_ns")
LATENESS = ("min", "median", "p99", "max")
COLUMNS = ("series", "guests", "guest_kib", "time_s", "events", "events_per_s", "hardware_interrupts",
           "hardware_interrupts_per_s", "switches", "hypervisor_instructions", "guest_instructions",
           "hypervisor_instructions_per_event", *(f"lateness_{key}_ns" for key in LATENESS), *MICRO)
FLAT = 1.20  # largest over smallest, from FLAT_FROM guests up
FLAT_FROM = 10


def point_of(raw):
    """One row of the result from one line of the hypervisor."""
    seconds = raw["time_ns"] / 1e9
    return {
        "series": raw["series"],
        "guests": raw["guests"],
        "guest_kib": raw["guest_pages"] * 4,
        "time_s": round(seconds, 6),
        "events": raw["events"],
        "events_per_s": round(raw["events"] / seconds, 2),
        "hardware_interrupts": raw["hardware_interrupts"],
        "hardware_interrupts_per_s": round(raw["hardware_interrupts"] / seconds, 2),
        "switches": raw["switches"],
        "hypervisor_instructions": raw["hypervisor_ticks"],
        "guest_instructions": raw["guest_ticks"],
        "hypervisor_instructions_per_event":
            round(raw["hypervisor_ticks"] / raw["events"], 1) if raw["events"] else None,
        **{f"lateness_{key}_ns": raw["lateness_ns"][key] for key in LATENESS},
        **{name: None for name in MICRO},
    }


def parse(output, last_guests):
    """Returns (points, problems) of the lines of `mode=curve` in the serial output."""
    points, problems, beside = {}, [], None
    for line in output.replace("\r", "").splitlines():
        if match := re.match(r"@json curve (.*)$", line):
            try:
                raw = json.loads(match[1])
                points[raw["series"], raw["guests"]] = point_of(raw)
            except (ValueError, KeyError, ZeroDivisionError) as error:
                problems.append(f"{line!r}: {error!r}")
                continue
            if raw["early"] != 0:
                problems.append(f"{raw['series']} {raw['guests']}: {raw['early']} events came early")
        elif match := re.match(r"curve: micro beside (\w+) (\d+)$", line):
            beside = points.get((match[1], int(match[2])))
        elif match := re.match(r"curve: @json micro (.*)$", line):
            figure = json.loads(match[1])
            if beside is not None and figure["name"] in MICRO:
                beside[figure["name"]] = figure["median"]
                if figure["unit"] != figures.INSTRUCTIONS:
                    problems.append(f"{figure['name']} came in {figure['unit']}, not in instructions")
    guests = 1
    while guests <= last_guests:
        for series in SERIES:
            point = points.get((series, guests))
            if point is None:
                problems.append(f"there is no point {series} {guests}")
            elif series in ("far", "steady") and None in [point[name] for name in MICRO]:
                problems.append(f"not all of the micro-benchmark came beside {series} {guests}")
            elif series in ("steady", "growing") and point["events"] < 100:
                problems.append(f"{series} {guests} had {point['events']} events")
        guests *= 10
    return list(points.values()), problems


def not_silent(points):
    """The points of the silent series in which the machine did anything at all: there must be none."""
    return [point for point in points if point["series"] in ("idle", "far") and
            any(point[key] != 0 for key in ("hardware_interrupts", "hypervisor_instructions", "guest_instructions",
                                            "switches", "events"))]


def spreads(points):
    """{what: (smallest, largest, their ratio)} of the costs that must not depend on the number of guests.

    Beside busy guests the micro-benchmark arms among their deadlines, and whether its timer is the earliest then is
    chance: those columns are shown, but compared only beside the guests of `far`.
    """
    result = {}
    for series, key in [*(("far", name) for name in MICRO), ("steady", "hypervisor_instructions_per_event")]:
        costs = [point[key] for point in points if point["series"] == series and point["guests"] >= FLAT_FROM]
        if costs:
            result[f"{key} ({series})"] = (min(costs), max(costs), max(costs) / min(costs))
    return result


def table(points):
    """Every point, as lines."""
    heads = ("series", "guests", "KiB each", "events/s", "hw irqs/s", "hv instr", "hv/event", "late min", "median",
             "p99", "max ns", "arm head", "expiry run", "expiry blk")
    keys = ("series", "guests", "guest_kib", "events_per_s", "hardware_interrupts_per_s", "hypervisor_instructions",
            "hypervisor_instructions_per_event", *(f"lateness_{key}_ns" for key in LATENESS), *MICRO)
    return figures.align([heads] + [[point[key] for key in keys] for point in points])


def summary(points):
    """What a reader wants to see first, a line for each number of guests."""
    heads = ("guests", "KiB each", "idle: hv instr", "arm first", "expiry run", "asleep", "1000/s: instr each",
             "late min", "median", "p99", "max ns", "10/s each: instr", "late median", "p99", "max ns")
    rows = [heads]
    for guests in sorted({point["guests"] for point in points}):
        of = {point["series"]: point for point in points if point["guests"] == guests}
        if set(of) != set(SERIES):
            continue
        rows.append([guests, of["idle"]["guest_kib"], of["idle"]["hypervisor_instructions"],
                     *(of["far"][name] for name in MICRO),
                     of["steady"]["hypervisor_instructions_per_event"],
                     *(of["steady"][f"lateness_{key}_ns"] for key in LATENESS),
                     of["growing"]["hypervisor_instructions_per_event"],
                     *(of["growing"][f"lateness_{key}_ns"] for key in LATENESS[1:])])
    return figures.align(rows)


PLOT = """
set multiplot layout 1,2
set logscale x
set format x "%.0f"
set xlabel "guests"
set bmargin 10
set key bmargin center vertical maxrows 5 Left reverse samplen 2
set grid
set style data linespoints
set yrange [0:*]
set title "Instructions"
plot $far using 1:2 title "arm as the earliest" lw 2 pt 7 ps 0.6 lc rgb "#3a8fc8", \\
     $far using 1:3 title "expiry to handler, running" lw 2 pt 7 ps 0.6 lc rgb "#d55e00", \\
     $far using 1:4 title "expiry to handler, asleep" lw 2 pt 7 ps 0.6 lc rgb "#009e73", \\
     $steady using 1:2 title "an event, 1000/s in all" lw 2 pt 7 ps 0.6 lc rgb "#cc79a7", \\
     $growing using 1:2 title "an event, 10/s each" lw 2 dt 2 pt 6 ps 0.8 lc rgb "#888888"
set key maxrows 3
set logscale y
set yrange [100:*]
set title "Lateness, ns"
plot $steady using 1:3 title "median, 1000/s in all" lw 2 pt 7 ps 0.6 lc rgb "#3a8fc8", \\
     $steady using 1:4 title "p99" lw 2 pt 7 ps 0.6 lc rgb "#d55e00", \\
     $steady using 1:5 title "max" lw 2 pt 7 ps 0.6 lc rgb "#cc79a7", \\
     $growing using 1:3 title "median, 10/s each" lw 2 dt 2 pt 6 ps 0.8 lc rgb "#3a8fc8", \\
     $growing using 1:4 title "p99" lw 2 dt 2 pt 6 ps 0.8 lc rgb "#d55e00", \\
     $growing using 1:5 title "max" lw 2 dt 2 pt 6 ps 0.8 lc rgb "#cc79a7"
"""


def plot(points, output):
    busy = ("hypervisor_instructions_per_event", "lateness_median_ns", "lateness_p99_ns", "lateness_max_ns")
    script = ""
    for series, keys in (("far", MICRO), ("steady", busy), ("growing", busy)):
        rows = [" ".join(str(point[key]) for key in ("guests", *keys)) for point in points if point["series"] == series]
        script += f"${series} << EOD\n" + "\n".join(rows) + "\nEOD\n"
    figures.plot(script + PLOT, output, "1000,560")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", help="an ISO that boots mode=curve")
    parser.add_argument("--guests", type=int, default=10000, help="curve_guests= of the ISO: the last point")
    figures.add_options(parser, "curve.json, curve.csv and curve.svg")
    options = parser.parse_args()

    def parse_all(output):
        points, problems = parse(output, options.guests)
        return points, problems + [f"{point['series']} {point['guests']} is not silent" for point in not_silent(points)]

    def publish(points):
        folder = figures.write(options.output, "curve", points, COLUMNS, figures.about(options, figures.INSTRUCTIONS))
        plot(points, folder / "curve.svg")
        print(*table(points), sep="\n")
        for what, (least, most, ratio) in spreads(points).items():
            print(f"from {FLAT_FROM} guests up, {what}: {least:.0f} to {most:.0f} instructions, "
                  f"{'flat' if ratio <= FLAT else 'NOT flat'} within {round((FLAT - 1) * 100)} %")
        print("idle guests: no instruction and no hardware interrupt in "
              f"{sum(point['time_s'] for point in points if point['series'] in ('idle', 'far')):.0f} s")
        print(f"curve: figures written to {folder}/curve.json, .csv and .svg")

    return figures.main("curve", options, TIMEOUT_S, parse_all, publish)


if __name__ == "__main__":
    sys.exit(main())
