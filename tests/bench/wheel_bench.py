#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs wheel_bench in all its modes and makes tables, JSON, CSV and a plot of what it prints.

The rows "nothing" are the benchmark's own loops around no queue at all; the other figures contain that too, except the
cold ones, from which it has been taken off because there it is mostly the cost of reading the clock.
"""

import argparse
import csv
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import figures  # noqa: E402

MODES = ("hot", "cold", "worst")
STRUCTURES = ("nothing", "sorted list", "4-ary heap", "red-black tree", "wheel")
WORKLOADS = ("re-arm", "re-arm, next", "one-shot", "periodic", "mixed rates", "adversary", "toggled minimum")
SIZES = tuple(10 ** power for power in range(7))
TITLES = {
    "hot": "nanoseconds per step, caches hot (least of 60 runs)",
    "cold": "nanoseconds per step, caches cold, above the empty loop (median)",
    "instructions": "instructions per step (callgrind)",
    "worst": "nanoseconds of the worst of 20,000 steps",
}


def parse_cells(text):
    """Turns the benchmark's lines into {(mode, structure, workload, timers): value} and {structure: (bytes, fixed)}."""
    cells, memory = {}, {}
    for line in text.splitlines():
        kind, structure, rest = line.split(",", 2)
        if kind == "memory":
            per_timer, fixed = rest.split(",")
            memory[structure] = (int(per_timer), int(fixed))
        else:
            workload, timers, value = rest.rsplit(",", 2)
            cells[kind, structure, workload, int(timers)] = float(value)
    return cells, memory


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"wheel_bench.py: {' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def count_instructions(program, timers_max):
    """Runs the program under callgrind; one dump for each cell, named in the dump's description."""
    with tempfile.TemporaryDirectory() as folder:
        steps, _ = parse_cells(run(["valgrind", "--tool=callgrind", "--collect-atstart=no",
                                    f"--callgrind-out-file={folder}/out", program, "instructions",
                                    str(timers_max)]))
        cells = {}
        for dump in Path(folder).iterdir():
            text = dump.read_text(encoding="utf-8")
            label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
            if label is None:
                continue
            structure, rest = label[1].split(",", 1)
            workload, timers = rest.rsplit(",", 1)
            key = ("instructions", structure, workload, int(timers))
            total = int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1])
            cells[key] = round(total / steps[key], 1)
    if set(cells) != set(steps):
        sys.exit("wheel_bench.py: callgrind's dumps are not those of the cells that were run")
    return cells


def take_off_empty_loop(cells):
    for key, value in list(cells.items()):
        mode, structure, workload, timers = key
        if mode == "cold" and structure != "nothing":
            cells[key] = round(value - cells["cold", "nothing", workload, timers], 1)


def print_table(cells, mode):
    print(f"\n{TITLES[mode]}\n")
    print(f"{'':34}" + "".join(f"{size:>10}" for size in SIZES))
    for workload in WORKLOADS:
        for structure in STRUCTURES:
            row = [cells.get((mode, structure, workload, size)) for size in SIZES]
            if any(value is not None for value in row):
                print(f"{workload:17} {structure:16}" +
                      "".join(f"{value:10.1f}" if value is not None else f"{'-':>10}" for value in row))
        print()


def print_memory(memory):
    print("bytes\n")
    print(f"{'':18}{'per timer':>10}{'fixed':>10}")
    for structure, (per_timer, fixed) in memory.items():
        print(f"{structure:18}{per_timer:10}{fixed:10}")


def print_verdict(cells):
    """Names every cell in which another structure is faster than the wheel, from ten timers up."""
    behind = total = 0
    print("\nhot, from 10 timers up, where another structure is ahead of the wheel:")
    for workload in WORKLOADS:
        for size in SIZES[1:]:
            others = {name: cells["hot", name, workload, size] for name in STRUCTURES[1:-1]
                      if ("hot", name, workload, size) in cells}
            wheel = cells.get(("hot", "wheel", workload, size))
            if wheel is None or not others:
                continue
            total += 1
            best = min(others, key=others.get)
            if others[best] < wheel:
                behind += 1
                print(f"  {workload}, {size}: {best} {others[best]:.1f}, wheel {wheel:.1f}")
    print(f"  {behind} of {total} cells")


def write_files(cells, memory, folder):
    rows = []
    for structure in STRUCTURES:
        for workload in WORKLOADS:
            for size in SIZES:
                cell = {mode: cells.get((mode, structure, workload, size)) for mode in TITLES}
                if any(value is not None for value in cell.values()):
                    rows.append({"structure": structure, "workload": workload, "timers": size,
                                 "hot_ns": cell["hot"], "cold_ns": cell["cold"],
                                 "worst_ns": cell["worst"], "instructions": cell["instructions"],
                                 "bytes_per_timer": memory.get(structure, (None, None))[0],
                                 "bytes_fixed": memory.get(structure, (None, None))[1]})
    figures.write_json(folder / "wheel.json", figures.about(), rows)
    with open(folder / "wheel.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


COLOURS = {"sorted list": figures.YELLOW, "4-ary heap": figures.GREEN, "red-black tree": figures.RED, "wheel": figures.BLUE}


def plot(cells, folder):
    """One small plot for each workload: hot nanoseconds against the number of timers."""
    script = ["set multiplot layout 4,2 title 'Nanoseconds per step, caches hot, against the number of timers'",
              "set logscale xy\nset grid\nset format x '10^{%L}'\nset xrange [1:1000000]\nset yrange [2:8000]\nunset key"]
    for workload in WORKLOADS:
        lines, data = [], []
        for structure in STRUCTURES[1:]:
            points = [(size, cells[key]) for size in SIZES if (key := ("hot", structure, workload, size)) in cells]
            if points:
                width = 3 if structure == "wheel" else 1.5
                lines.append(f"'-' with linespoints lw {width} pt 7 ps 0.5 lc rgb '{COLOURS[structure]}'")
                data += [f"{size} {value}" for size, value in points] + ["e"]
        if lines:
            script.append(f"set title '{workload}'\nplot {', '.join(lines)}\n" + "\n".join(data))
    # The last place holds the legend alone.
    script.append("unset title\nunset border\nunset tics\nunset grid\nset key center Left reverse samplen 3\nplot " +
                  ", ".join(f"NaN with linespoints lw {3 if name == 'wheel' else 1.5} pt 7 ps 0.5 "
                            f"lc rgb '{colour}' title '{name}'" for name, colour in COLOURS.items()))
    script.append("unset multiplot")
    figures.plot("\n".join(script) + "\n", folder / "wheel.svg", "1000,1180")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the built wheel_bench")
    parser.add_argument("--output", default="build/bench", help="folder for wheel.json, wheel.csv and wheel.svg")
    parser.add_argument("--timers-max", type=int, default=SIZES[-1], help="the largest number of timers")
    options = parser.parse_args()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)

    cells, memory = {}, {}
    for mode in MODES:
        print(f"wheel_bench: measuring, {mode}", file=sys.stderr, flush=True)
        new_cells, new_memory = parse_cells(run([options.program, mode, str(options.timers_max)]))
        cells.update(new_cells)
        memory.update(new_memory)
    print("wheel_bench: counting instructions", file=sys.stderr, flush=True)
    cells.update(count_instructions(options.program, options.timers_max))
    take_off_empty_loop(cells)

    for mode in TITLES:
        print_table(cells, mode)
    print_memory(memory)
    print_verdict(cells)
    write_files(cells, memory, folder)
    plot(cells, folder)
    print(f"\nwheel_bench: figures written to {folder}/wheel.json, {folder}/wheel.csv and {folder}/wheel.svg")


if __name__ == "__main__":
    main()
