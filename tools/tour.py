#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the code along the main path in reading order, with its comments (`make tour`); tools/tour.list is the way.

Stops are named by function or label, so that the tour follows the code. One that is not there is an error, and nothing is printed.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

LIST = "tools/tour.list"
WIDTH = 120


class TourError(Exception):
    """A stop of the tour does not exist; the text says which."""


def with_comment(lines, first, mark):
    """The index where the comment begins that stands right above line `first`."""
    while first > 0 and lines[first - 1].startswith(mark):
        first -= 1
    return first


def head(lines, mark):
    """What the file says about itself, without its licence line."""
    first = 1 if "SPDX" in lines[0] else 0
    last = first
    while last < len(lines) and lines[last].startswith(mark):
        last += 1
    return (first, last) if last > first else None


def c_function(lines, name):
    start = re.compile(rf"^[a-z_].*\b{re.escape(name)}\(")
    for first, line in enumerate(lines):
        if not start.match(line):
            continue
        last = first
        while not lines[last].endswith((")", ";")):
            last += 1
        if lines[last].endswith(";"):
            continue  # only declared here
        while lines[last].rstrip() != "}":
            last += 1
        return with_comment(lines, first, "//"), last + 1
    return None


def assembly(lines, name):
    """A macro up to its end; a label up to the next one that is not local, and that one's comment."""
    for first, line in enumerate(lines):
        if re.match(rf"^%macro {re.escape(name)}\b", line):
            return with_comment(lines, first, ";"), lines.index("%endmacro", first) + 1
        if not re.match(rf"^{re.escape(name)}:", line):
            continue
        last = first + 1
        while last < len(lines) and not re.match(r"^([a-z_]\w*:|%macro|%assign|section|; -{20}|global )", lines[last]):
            last += 1
        last = with_comment(lines, last, ";")
        while not lines[last - 1].strip():
            last -= 1
        above = first - 1 if first > 0 and lines[first - 1].startswith("global ") else first
        while above > 0 and lines[above - 1].startswith("global "):
            above -= 1
        if above > 0 and not lines[above - 1].strip():  # a comment may stand one line above what it is about
            above -= 1
        return with_comment(lines, above, ";") if lines[above - 1].startswith(";") else first, last
    return None


def stop(file, name):
    """The lines of one stop: (number of the first, text)."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise TourError(f"{LIST}: there is no {file}") from error
    is_assembly = file.endswith(".asm")
    if name == "=":
        found = head(lines, ";" if is_assembly else "//")
    else:
        found = assembly(lines, name) if is_assembly else c_function(lines, name)
    if found is None:
        raise TourError(f"{LIST}: {file} has no {name}")
    return found[0] + 1, lines[found[0]:found[1]]


def tour(text):
    """The whole tour as lines, made from the text of the list."""
    out = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith("= "):
            out.append(line)
            continue
        file, *names = line[2:].split()
        for name in names:
            number, body = stop(file, name)
            out += ["", f"---- {file}:{number} ".ljust(WIDTH, "-"), "", *body]
        out.append("")
    return out


def main():
    try:
        text = "\n".join(tour(Path(LIST).read_text(encoding="utf-8"))).strip() + "\n"
    except TourError as error:
        print(f"tour: {error}", file=sys.stderr)
        return 1
    if sys.stdout.isatty() and shutil.which("less"):
        subprocess.run(["less", "-S"], input=text, text=True, check=False)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
