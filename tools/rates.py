#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What ticks cost (part of `make bench`): 1, 10 and 100 guests with a tick of 100, 250 and 1000 Hz and tickless, idle and with
the demonstration's work: interrupts, exits, the hypervisor's share of the CPU. Tables, JSON, CSV and SVG.

Each row but the tickless ones is a boot of the demonstration with these guests: first they tick, then the same guests do
not. QEMU runs with `-icount shift=0,sleep=off`, so the figures are the same on every machine, but for one column, which goes
to a file of its own: the CPU time that the QEMU process took of this host for each minute of the guests'.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import demo
import figures
import mkiso

GUESTS = (1, 10, 100)
TICKS = (100, 250, 1000)
WORKS = {"idle": "no work at all", "demo": "three threads that wake every 200 ms, 500 ms and 1 s and compute a little"}
SECONDS = 2  # measured, of each row
RATES = ("hw_irqs_per_s", "guest_timer_irqs_per_s", "exits_per_s")
SHARES = ("hypervisor", "guests")
COLUMNS = ("work", "guests", "tick", *RATES, "hypervisor_share", "guest_share")
HOST_COLUMNS = ("work", "guests", "tick", "host_cpu_s_per_minute")


def row_of(work, guests, tick, found):
    return {"work": work, "guests": guests, "tick": tick, **{key: found[key] for key in RATES},
            "hypervisor_share": found["cpu_share"]["hypervisor"], "guest_share": found["cpu_share"]["guests"]}


def check(row):
    """What must hold for a row: ticks that come, and nothing that comes by itself."""
    name, problems = f"{row['guests']} guests, {row['tick']}, {row['work']}", []
    if row["tick"] != "none" and abs(row["guest_timer_irqs_per_s"] - row["guests"] * int(row["tick"])) > \
            0.01 * row["guests"] * int(row["tick"]):
        problems.append(f"{name}: {row['guest_timer_irqs_per_s']} guest timer interrupts a second")
    if row["tick"] == "none" and row["work"] == "idle" and (row["guest_timer_irqs_per_s"] != 0 or row["exits_per_s"] != 0):
        problems.append(f"{name}: not silent")
    return problems


def measure(build, work, guests, tick, seconds, options):
    """({tick: row}, {tick: host CPU seconds per minute}, problems, output) of one boot: `tick`, then tickless."""
    with tempfile.TemporaryDirectory(prefix="lull-rates.") as folder:
        iso = Path(folder) / "rates.iso"
        boot_line = f"mode=demo exit=debug report=json demo_guests={guests} demo_seconds={seconds}"
        module = (Path(build) / "guest.elf", f"guest mem=256K -- hz={tick} work={work}")
        mkiso.build(iso, Path(build) / "lull.elf", *mkiso.entry(boot_line, [module]))
        options.iso = iso
        text, cost, problems = demo.collect(iso, options)
    rows, host = {}, {}
    try:
        found = demo.parse(text)
        for phase, name in zip(demo.PHASES, (str(tick), "none")):
            rows[name] = row_of(work, guests, name, found[phase])
            # Unknown where the machine had ended before its last line was read.
            host[name] = round(cost.seconds[phase] * 60 / seconds, 2) if phase in cost.seconds else None
            problems += check(rows[name]) if options.icount else []  # in real time a busy host skips ticks
    except (ValueError, KeyError) as error:
        problems.append(f"{guests} guests, {tick} Hz, {work}: {error!r}")
    return rows, host, problems, text


def run(build, guests, ticks, works, seconds, options):
    """(rows, host rows, problems, output of the last boot that had some)."""
    rows, host, problems, shown = [], [], [], ""
    for work in works:
        for count in guests:
            for tick in ticks:
                found, costs, more, text = measure(build, work, count, tick, seconds, options)
                shown = text if more else shown
                problems += more
                for name in found if tick == ticks[-1] else list(found)[:1]:
                    rows.append(found[name])
                    host.append({"work": work, "guests": count, "tick": name, "host_cpu_s_per_minute": costs[name]})
                    print(f"rates: {work}, {count} guests, {name}: measured", file=sys.stderr, flush=True)
    return rows, host, problems, shown


def percent(share):
    return f"{share * 100:.4f} %"


def table(rows, host=()):
    """All rows, as lines. `host`: the same rows' cost to this host, if it is to be shown."""
    heads = ["work, guests", "tick", "hw irqs/s", "guest irqs/s", "exits/s", "hypervisor", "guests' own"]
    lines = [heads + (["host CPU s/min"] if host else [])]
    for at, row in enumerate(rows):
        lines.append([f"{row['work']}, {row['guests']}", row["tick"] if row["tick"] == "none" else f"{row['tick']} Hz",
                      *(f"{row[key]:.1f}" for key in RATES), percent(row["hypervisor_share"]), percent(row["guest_share"]),
                      *([host[at]["host_cpu_s_per_minute"]] if host else [])])
    return figures.align(lines, 1)


PLOT = """
set multiplot layout 1,2
set style data histograms
set style histogram clustered gap 1
set style fill solid 1 noborder
set logscale y
set grid ytics
set xtics scale 0
set bmargin 5
set key bmargin center horizontal Left reverse samplen 1
set xlabel "tick, Hz"
set title "Guests with work: exits per second"
set yrange [1:1e6]
set format y "%.0f"
plot {exits}
set title "Guests with work: the hypervisor's share of the CPU, %"
set yrange [0.0001:100]
set format y "%g"
plot {shares}
"""


def plot(rows, output):
    script = ""
    of = {(row["tick"], row["guests"]): row for row in rows if row["work"] == "demo"}
    counts = sorted({guests for _, guests in of})
    for name, value in (("exits", lambda row: row["exits_per_s"]), ("shares", lambda row: row["hypervisor_share"] * 100)):
        script += f"${name} << EOD\n"
        for tick in ("1000", "250", "100", "none"):
            cells = [value(of[tick, count]) if (tick, count) in of else "NaN" for count in counts]
            script += f'"{tick}" ' + " ".join(map(str, cells)) + "\n"
        script += "EOD\n"
    colours = (figures.GREY, figures.BLUE, figures.RED)
    columns = {name: ", ".join(f'${name} using {at + 2}:xtic(1) title "{count} guest{"s" if count > 1 else ""}" '
                               f'lc rgb "{colours[at % 3]}"' for at, count in enumerate(counts))
               for name in ("exits", "shares")}
    figures.plot(script + PLOT.format(**columns), output, "1000,420")


def numbers(text):
    return tuple(int(word) for word in text.split(","))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the folder with lull.elf and guest.elf")
    parser.add_argument("--guests", type=numbers, default=GUESTS, metavar="N,N,...")
    parser.add_argument("--ticks", type=numbers, default=TICKS, metavar="HZ,HZ,...", help="ascending")
    parser.add_argument("--works", type=lambda text: text.split(","), default=list(WORKS), metavar="WORK,...")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="measured, of each row")
    figures.add_options(parser, "rates.json, .csv, .svg and host.json, .csv")
    options = parser.parse_args()
    options.icount = figures.virtual(options)

    def publish():
        folder = figures.write(options.output, "rates", rows, COLUMNS, figures.about(options))
        figures.write(options.output, "host", host, HOST_COLUMNS, figures.about(options))
        if "demo" in options.works:
            plot(rows, folder / "rates.svg")
        print(*table(rows, host), sep="\n")
        for work in options.works:
            print(f"{work}: {WORKS.get(work, 'as its name says')}")
        print("host CPU s/min: what the QEMU process took of this host for each minute of the guests' time: real time, and "
              "another on each host and run")
        print(f"rates: figures written to {folder}/rates.json, .csv and .svg, host.json and host.csv")

    try:
        rows, host, problems, output = run(options.build, options.guests, options.ticks, options.works, options.seconds, options)
    except (ValueError, mkiso.IsoError) as error:
        print(f"rates: {error}", file=sys.stderr)
        return 2
    return figures.finish("rates", output, problems, publish)


if __name__ == "__main__":
    sys.exit(main())
