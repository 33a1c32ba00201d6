#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the figures in the READMEs (`make readme`), or says which of them are not those of the present build.

A block of figures stands between two comments and is indented by four columns:

    <!-- figures: NAME -->
    <!-- figures end -->

Between them this tool puts what BLOCKS has for that name: the lines that the tool of the figure prints, made from the
files that `make demo`, `make bench` and `make soak` have left in the build folder. A block whose file is not there
stays as it is. A line that tells real time is never compared.
"""

import argparse
import re
import sys
from pathlib import Path

import accuracy
import bench
import boot_time
import curve
import figures
import flow
import peers
import rates
import summary

BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n)(.*?)(<!-- figures end -->)", re.DOTALL)
REAL_TIME = re.compile(r"host (CPU )?seconds|of real time")


def demo_lines(file):
    return file.read_text(encoding="ascii").splitlines()


def bench_lines(file):
    return bench.table(figures.read(file), figures.read(file.with_name("floor.json")))


def calls_lines(file):
    return bench.calls_table(figures.read(file))


def curve_lines(file):
    return curve.summary(figures.read(file))


def accuracy_lines(file):
    return accuracy.table(figures.read(file))


def boot_lines(file):
    return boot_time.table(figures.read(file), figures.INSTRUCTIONS)


def rates_lines(file):
    return rates.table(figures.read(file))


def suite_lines(file):
    """The most telling of what is beside the file."""
    return summary.lines(*(figures.read(file.with_name(f"{name}.json")) for name in ("accuracy", "boot", "rates")))


def text_lines(file):
    return file.read_text(encoding="utf-8").splitlines()


# name: (file in the build folder, its lines, the command that makes the file)
BLOCKS = {
    "demo": ("demo.txt", demo_lines, "make demo"),
    "bench": ("bench/micro.json", bench_lines, "make bench"),
    "calls": ("bench/micro.json", calls_lines, "make bench"),
    "curve": ("bench/curve.json", curve_lines, "make bench"),
    "budget": ("bench/budget.txt", text_lines, "make bench"),
    "flow": ("bench/budget.json", flow.lines, "make bench"),
    "savings": ("bench/savings.txt", text_lines, "make bench"),
    "peers": ("bench/micro.json", peers.readme_lines, "make bench"),
    "accuracy": ("bench/accuracy.json", accuracy_lines, "make bench"),
    "boot": ("bench/boot.json", boot_lines, "make bench"),
    "rates": ("bench/rates.json", rates_lines, "make bench"),
    "suite": ("bench/rates.json", suite_lines, "make bench"),
    "soak": ("soak.txt", text_lines, "make soak"),
}


READMES = ("README.md", "hv/README.md", "hv/time/README.md", "hv/shared/abi/README.md", "tests/bench/README.md",
           "tests/peers/README.md")


def blocks(text):
    """{name: lines} of the blocks in the text of a README."""
    found = {}
    for _, name, body, _ in BLOCK.findall(text):
        if name not in BLOCKS:
            raise ValueError(f"there is a block `figures: {name}`, which tools/readme.py does not know")
        found[name] = [line[4:].rstrip() for line in body.splitlines() if line.strip()]
    if len(BLOCK.findall(text)) != text.count("<!-- figures: "):
        raise ValueError("a block of figures does not end")
    return found


def differences(committed, measured):
    """Pairs (README's line, measured line) that differ, but for real time."""
    def exact(lines):
        return [line.rstrip() for line in lines if line.strip() and not REAL_TIME.search(line)]

    old, new = exact(committed), exact(measured)
    length = max(len(old), len(new))
    old += [""] * (length - len(old))
    new += [""] * (length - len(new))
    return [pair for pair in zip(old, new) if pair[0] != pair[1]]


def rewrite(text, fresh):
    """The text with the blocks of `fresh`, {name: lines}, in place of what it has."""
    def put(match):
        head, name, _, end = match.groups()
        if name not in fresh:
            return match[0]
        return head + "\n" + "".join(f"    {line}".rstrip() + "\n" for line in fresh[name]) + "\n" + end

    return BLOCK.sub(put, text)


def complaint(name, pairs):
    lines = [f"README.md, figures: {name}: these are not the figures of this build; `{BLOCKS[name][2]}`, then "
             "`make readme` writes them"]
    for old, new in pairs:
        lines += [f"  README  {old}", f"  measured {new}"]
    return "\n".join(lines)


def update(path, options):
    """One README: 0, 1 if a figure differs, 2 if its marks are wrong."""
    text = path.read_text(encoding="utf-8")
    try:
        old = blocks(text)
    except ValueError as error:
        print(f"readme: {path}: {error}", file=sys.stderr)
        return 2
    fresh, failed = {}, False
    for name in old:
        file, lines, command = BLOCKS[name]
        file = Path(options.build) / file
        if not file.exists():
            print(f"readme: {name}: {file} is not there (`{command}` makes it); left as it is")
            continue
        fresh[name] = lines(file)
        if options.check and (pairs := differences(old[name], fresh[name])):
            print(complaint(name, pairs), file=sys.stderr)
            failed = True
    if not options.check:
        path.write_text(rewrite(text, fresh), encoding="utf-8")
        print(f"readme: {path}: wrote {', '.join(fresh) or 'nothing'}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the folder with the figures")
    parser.add_argument("--readme", action="append", help=f"only this file (default: {', '.join(READMES)})")
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 if a figure differs")
    options = parser.parse_args()
    return max(update(Path(readme), options) for readme in options.readme or READMES)


if __name__ == "__main__":
    sys.exit(main())
