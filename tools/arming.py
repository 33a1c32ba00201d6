#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures what slack saves in wake-ups, and arming without a trap in hypercalls (part of `make bench`).

The hypervisor runs a hundred guests, each with a periodic timer of its own length and phase, for 20 s: without slack, and
with slacks of 1 % and 10 % of the period (hv/monitor/arming.h). Beside what it took stands the fewest wake-ups that any
schedule could do with, computed here from the same windows by a loop over all of them. Then one guest whose threads wait
with time-outs arms in three ways. QEMU runs with `-icount shift=0,sleep=off`, so the figures are the same on every machine.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import qemu

TIMEOUT_S = 300
SLACKS = {"slack 0 %": 0, "slack 1 %": 10, "slack 10 %": 100}  # per mille of the period
TRAPS = ("arm=call", "idle=halt", "default")
GUESTS = 100
KEYS = ("run", "guests", "time_ns", "events", "early", "hardware_interrupts", "saved", "hypercalls", "beyond_window_ns")
COLUMNS = ("run", "guests", "events_per_s", "wakeups_per_s", "fewest_per_s", "saved_per_s", "hypercalls_per_s",
           "hypercalls_per_event", "beyond_window_ns")
BEYOND_MAX_NS = 50000  # an event whose window ended while the CPU served others waits for them


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


def parse(output):
    """Returns (rows, problems) of the lines of `mode=arming` in the serial output."""
    rows, guests, problems = {}, [], []
    for line in output.replace("\r", "").splitlines():
        match = re.match(r"@json (arming|arming_guest) (.*)$", line)
        if not match:
            continue
        try:
            raw = json.loads(match[2])
            if match[1] == "arming_guest":
                guests.append((raw["period_ns"], raw["first_ns"]))
            else:
                rows[raw["run"]] = {key: raw[key] for key in KEYS}
        except (ValueError, KeyError) as error:
            problems.append(f"{line!r}: {error!r}")
    if len(guests) != GUESTS:
        problems.append(f"the windows of {len(guests)} guests came, not of {GUESTS}")
    problems += [f"there is no run {name!r}" for name in (*SLACKS, *TRAPS) if name not in rows]
    for name, row in rows.items():
        row["fewest"] = fewest(guests, SLACKS[name], row["time_ns"]) if name in SLACKS else None
        problems += check(name, row)
    return list(rows.values()), problems


def check(name, row):
    """What must hold for a run: nothing early, nothing later than its window allows, as few wake-ups as possible."""
    problems = []
    if row["early"] != 0:
        problems.append(f"{name}: {row['early']} events came early")
    if row["beyond_window_ns"] > BEYOND_MAX_NS:
        problems.append(f"{name}: an event came {row['beyond_window_ns']} ns behind its window")
    # One interrupt more ends the measured time. Fewer are possible where windows open while the CPU is awake.
    if row["fewest"] is not None and not row["fewest"] * 0.98 <= row["hardware_interrupts"] <= row["fewest"] + 2:
        problems.append(f"{name}: {row['hardware_interrupts']} wake-ups, and {row['fewest']} would have done")
    if row["saved"] > row["events"] or (name in SLACKS and (row["saved"] != 0) != (SLACKS[name] != 0)):
        problems.append(f"{name}: {row['saved']} wake-ups saved for {row['events']} events")
    return problems


def per_second(row):
    seconds = row["time_ns"] / 1e9
    return {
        "run": row["run"],
        "guests": row["guests"],
        "events_per_s": round(row["events"] / seconds, 1),
        "wakeups_per_s": round(row["hardware_interrupts"] / seconds, 1),
        "fewest_per_s": None if row["fewest"] is None else round(row["fewest"] / seconds, 1),
        "saved_per_s": round(row["saved"] / seconds, 1),
        "hypercalls_per_s": round(row["hypercalls"] / seconds, 1),
        "hypercalls_per_event": round(row["hypercalls"] / row["events"], 3) if row["events"] else None,
        "beyond_window_ns": row["beyond_window_ns"],
    }


def print_table(rows):
    heads = ("run", "guests", "events/s", "wake-ups/s", "fewest/s", "saved/s", "hypercalls/s", "per event",
             "late beyond, ns")
    lines = [heads] + [tuple("-" if row[key] is None else str(row[key]) for key in COLUMNS) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for line in lines:
        print("  ".join(text.rjust(width) if i else text.ljust(width)
                        for i, (text, width) in enumerate(zip(line, widths))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", help="an ISO that boots mode=arming")
    parser.add_argument("--output", default="build/bench", help="folder for arming.json and arming.csv")
    qemu.add_options(parser)
    options = parser.parse_args()
    options.icount = True
    try:
        done = subprocess.run(qemu.from_options(options.iso, options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
    except ValueError as error:
        print(f"arming: {error}", file=sys.stderr)
        return 2
    except subprocess.TimeoutExpired:
        print(f"arming: FAILED: it did not end within {TIMEOUT_S} s", file=sys.stderr)
        return 1
    output = done.stdout.decode("utf-8", errors="replace")
    rows, problems = parse(output)
    if done.returncode != qemu.EXIT_SUCCESS:
        problems.insert(0, f"QEMU ended with status {done.returncode}, not {qemu.EXIT_SUCCESS}")
    if problems:
        print(output)
        for problem in problems:
            print(f"arming: FAILED: {problem}", file=sys.stderr)
        return 1
    rows = [per_second(row) for row in rows]
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arming.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="ascii")
    with open(folder / "arming.csv", "w", encoding="ascii", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print_table(rows)
    print(f"arming: figures written to {folder}/arming.json and {folder}/arming.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
