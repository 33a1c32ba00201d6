# SPDX-License-Identifier: BSD-2-Clause
"""What the tools of `make bench` share: they boot an ISO under -icount, judge what it prints, and write the figures."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import qemu


def boot(iso, options, timeout_s):
    """Boots an ISO in virtual time, to its end; returns (serial output, problems).

    `options` are those of qemu.add_options(). Raises ValueError as qemu.command() does.
    """
    options.icount = True
    line = qemu.from_options(iso, options)
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode("utf-8", errors="replace"), [f"it did not end within {timeout_s} s"]
    problems = []
    if done.returncode != qemu.EXIT_SUCCESS:
        problems.append(f"QEMU ended with status {done.returncode}, not {qemu.EXIT_SUCCESS}")
    return done.stdout.decode("utf-8", errors="replace"), problems


def main(tool, options, timeout_s, parse, publish):
    """Boots options.iso and publishes its figures; returns the tool's exit status: 0, or 1 if there are problems, or 2
    if it cannot start.

    `parse` makes (figures, problems) of the serial output; `publish` gets the figures, where there is no problem.
    """
    try:
        output, problems = boot(options.iso, options, timeout_s)
        found, more = parse(output)
    except ValueError as error:
        print(f"{tool}: {error}", file=sys.stderr)
        return 2
    if problems + more:
        print(output)
        for problem in problems + more:
            print(f"{tool}: FAILED: {problem}", file=sys.stderr)
        return 1
    publish(found)
    return 0


def write(folder, name, rows, columns, figures=None):
    """Writes NAME.csv with these rows, and NAME.json with them or with `figures`; returns the folder as a Path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures or rows, indent=2) + "\n", encoding="ascii")
    with open(folder / f"{name}.csv", "w", encoding="ascii", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def align(rows, decimals=0):
    """Lines of the cells of `rows`, the first column to the left. None is a dash."""
    rows = [["-" if cell is None else f"{cell:.{decimals}f}" if isinstance(cell, float) else str(cell) for cell in row]
            for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.rjust(width) if i else text.ljust(width)
                      for i, (text, width) in enumerate(zip(row, widths))) for row in rows]


def plot(script):
    """Lets gnuplot draw."""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
