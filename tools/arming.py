#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what slack saves in wake-ups, and ways of arming in traps (part of `make bench`): tables, JSON, CSV and SVG.

The hypervisor runs a hundred guests, each with a periodic timer of its own length and phase, for 20 s: without slack, and
with slacks of 1 % and 10 % of the period (hv/monitor/arming.h). Beside what it took stands the fewest wake-ups that any
schedule could do with, computed here from the same windows by a loop over all of them. Then a guest works in each of the
ways of arming that guest/README.md describes, and its traps are counted twice: by the guest, which knows what each is
for, and by the hypervisor. QEMU runs with `-icount shift=0,sleep=off`, so the figures are the same on every machine.
"""

import argparse
import json
import re
import sys

import figures

TIMEOUT_S = 300
GUESTS = 100
SLACKS = {"slack 0 %": 0, "slack 1 %": 10, "slack 10 %": 100}  # per mille of the period
SLACK_KEYS = ("run", "guests", "time_ns", "events", "hardware_interrupts", "saved", "beyond_window_ns")
BEYOND_MAX_NS = 50000  # an event whose window ended while the CPU served others waits for them

WORKS = {"timeouts": "questions with a time-out of 50 ms, 1000 answers/s, two sleepers",
         "demo": "three sleepers: 200 ms, 500 ms, 1 s"}
WAYS = ("arm=call", "idle=halt", "idle=block", "default")
TRAP_KEYS = ("work", "way", "time_ns", "hypercalls")
OPERATIONS = ("arms", "cancels", "expiries")
ARMING = ("set_clockevent", "set_deadline")
WAITING = ("halt", "block")

COLUMNS = ("run", "guests", "time_s", "events", "wakeups", "fewest", "saved", "beyond_window_ns",
           *OPERATIONS, *ARMING, *WAITING, "other", "hypercalls", "per_wakeup")


def fewest(guests, per_mille, time_ns):
    """The fewest instants up to time_ns that meet every window that ends by then: wake at the earliest end, serve all
    windows that are open, and again. `guests` are (period, first deadline) after the measured time began."""
    windows = sorted((first + k * period + period * per_mille // 1000, first + k * period)
                     for period, first in guests for k in range((time_ns - first) // period + 1))
    count, last = 0, -1
    for end, deadline in windows:
        if deadline > last and end <= time_ns:
            count, last = count + 1, end
    return count


def slack_row(raw, guests):
    return {
        "run": raw["run"],
        "guests": raw["guests"],
        "time_s": round(raw["time_ns"] / 1e9, 6),
        "events": raw["events"],
        "wakeups": raw["hardware_interrupts"],
        "fewest": fewest(guests, SLACKS[raw["run"]], raw["time_ns"]),
        "saved": raw["saved"],
        "beyond_window_ns": raw["beyond_window_ns"],
    }


def trap_row(raw, counted):
    """`raw` is the hypervisor's line, `counted` the guest's. A wake-up is the end of a wait."""
    known = sum(counted[key] for key in (*ARMING, *WAITING))
    wakeups = sum(counted[key] for key in WAITING)
    return {
        "run": f"{raw['work']}, {raw['way']}",
        "guests": 1,
        "time_s": round(raw["time_ns"] / 1e9, 6),
        "wakeups": wakeups,
        **{key: counted[key] for key in (*OPERATIONS, *ARMING, *WAITING)},
        "other": raw["hypercalls"] - known,
        "hypercalls": raw["hypercalls"],
        "per_wakeup": round(raw["hypercalls"] / wakeups, 3) if wakeups else None,
    }


def parse(output):
    """Returns ({"slack": rows, "traps": rows}, problems) of the lines of `mode=arming` in the serial output."""
    slack, traps, guests, problems, last = {}, {}, [], [], None
    for line in output.replace("\r", "").splitlines():
        match = re.match(r"(?:arming: )?@json (arming|arming_guest|traps|timers) (.*)$", line)
        if not match:
            continue
        try:
            raw = json.loads(match[2])
            if match[1] == "arming_guest":
                guests.append((raw["period_ns"], raw["first_ns"]))
            elif match[1] == "arming":
                slack[raw["run"]] = slack_row({key: raw[key] for key in SLACK_KEYS}, guests)
            elif match[1] == "traps":
                last = {key: raw[key] for key in TRAP_KEYS}
            else:
                traps[last["work"], last["way"]] = trap_row(last, raw)
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{line!r}: {error!r}")
    if len(guests) != GUESTS:
        problems.append(f"the windows of {len(guests)} guests came, not of {GUESTS}")
    problems += [f"there is no run {name!r}" for name in SLACKS if name not in slack]
    problems += [f"there is no run {work!r}, {way!r}" for work in WORKS for way in WAYS if (work, way) not in traps]
    problems += [problem for row in slack.values() for problem in check_slack(row)]
    problems += [problem for row in traps.values() for problem in check_traps(row)]
    return {"slack": list(slack.values()), "traps": list(traps.values())}, problems


def check_slack(row):
    """What must hold for a run of this series: nothing later than its window allows, as few wake-ups as possible."""
    problems, name = [], row["run"]
    if row["beyond_window_ns"] > BEYOND_MAX_NS:
        problems.append(f"{name}: an event came {row['beyond_window_ns']} ns behind its window")
    # One interrupt more ends the measured time. Fewer are possible where windows open while the CPU is awake.
    if not row["fewest"] * 0.98 <= row["wakeups"] <= row["fewest"] + 2:
        problems.append(f"{name}: {row['wakeups']} wake-ups, and {row['fewest']} would have done")
    if row["saved"] > row["events"] or (row["saved"] != 0) != (SLACKS[name] != 0):
        problems.append(f"{name}: {row['saved']} wake-ups saved for {row['events']} events")
    return problems


def check_traps(row):
    """The guest and the hypervisor must have counted the same; few calls are neither for arming nor for waiting."""
    problems, name = [], row["run"]
    if not 0 <= row["other"] <= 0.01 * row["hypercalls"]:
        problems.append(f"{name}: the guest knows of {row['hypercalls'] - row['other']} traps of {row['hypercalls']}")
    if row["wakeups"] == 0 or row["arms"] == 0:
        problems.append(f"{name}: nothing happened")
    return problems


def table(found):
    """Both tables, as lines."""
    slack = [("run", "guests", "events/s", "wake-ups/s", "fewest/s", "saved/s", "late beyond, ns")]
    for row in found["slack"]:
        slack.append([row["run"], row["guests"],
                      *(f"{row[key] / row['time_s']:.1f}" for key in ("events", "wakeups", "fewest", "saved")),
                      row["beyond_window_ns"]])
    traps = [("work, way of arming", "arms", "cancels", "expiries", "wake-ups", "traps to arm", "to wait", "other", "in all",
              "per wake-up")]
    for row in found["traps"]:
        traps.append([row["run"], *(row[key] for key in (*OPERATIONS, "wakeups")),
                      *(sum(row[key] for key in keys) for keys in (ARMING, WAITING)),
                      row["other"], row["hypercalls"], f"{row['per_wakeup']:.3f}"])
    return [*figures.align(slack), "", *figures.align(traps)]


PLOT = """
set multiplot layout 1,2
set style data histograms
set style fill solid 0.9 noborder
set grid ytics
set xtics scale 0
set bmargin 8
set yrange [0:*]
set key bmargin center horizontal Left reverse samplen 1
set title "100 guests: wake-ups per second, by slack"
set style histogram clustered gap 1
plot $slack using 2:xtic(1) title "measured" lc rgb "#3a8fc8", \\
     $slack using 3 title "the fewest possible" lc rgb "#888888"
set title "Traps per wake-up, by way of arming"
set xtics rotate by 25 right font ",12"
set style histogram rowstacked gap 1
set boxwidth 0.7
plot newhistogram "{timeouts}" offset 0,-1.6, $timeouts using 2:xtic(1) title "to wait" lc rgb "#3a8fc8", \\
     $timeouts using 3 title "to arm" lc rgb "#d55e00", \\
     newhistogram "{demo}" offset 0,-1.6, $demo using 2:xtic(1) notitle lc rgb "#3a8fc8", \\
     $demo using 3 notitle lc rgb "#d55e00"
"""


def plot(found, output):
    blocks = {"slack": [f'"{row["run"].removeprefix("slack ")}" {row["wakeups"] / row["time_s"]} '
                        f'{row["fewest"] / row["time_s"]}' for row in found["slack"]]}
    for work in WORKS:
        blocks[work] = [f'"{row["run"].partition(", ")[2]}" {sum(row[key] for key in WAITING) / row["wakeups"]} '
                        f'{sum(row[key] for key in ARMING) / row["wakeups"]}'
                        for row in found["traps"] if row["run"].startswith(f"{work}, ")]
    data = "".join(f"${name} << EOD\n" + "\n".join(lines) + "\nEOD\n" for name, lines in blocks.items())
    figures.plot(data + PLOT.format(timeouts="work=timeouts", demo="work=demo"), output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", help="an ISO that boots mode=arming")
    figures.add_options(parser, "arming.json, .csv, .svg and savings.txt")
    options = parser.parse_args()

    def publish(found):
        folder = figures.write(options.output, "arming", found["slack"] + found["traps"], COLUMNS,
                               figures.about(options), found)
        (folder / "savings.txt").write_text("\n".join(table(found)) + "\n", encoding="ascii")
        plot(found, folder / "arming.svg")
        print(*table(found), sep="\n")
        for work, what in WORKS.items():
            print(f"work={work}: {what}")
        print(f"arming: figures written to {folder}/arming.json, .csv and .svg")

    return figures.main("arming", options, TIMEOUT_S, parse, publish)


if __name__ == "__main__":
    sys.exit(main())
