#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What changed since then (`make bench-compare BASE=...`): figures of a commit, a folder or a file beside the present ones.

A commit is built and measured in a worktree of its own below the build folder, by its own tools, where it stays for the
next time. Only figures that differ are shown. The exit status, which the last line names too:

  0  no figure of the present is above its limit (those of tests/system/test_bench.py)
  1  one is
  2  there is nothing to compare; the line before says why
  3  with --differences only: none is, but a figure differs

make ends with 2 whatever the status of a command was: a script takes the last line, or calls this tool after `make bench-short`.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

import figures

# file: what tells its rows apart. Those that every run makes anew stand first.
FILES = {"micro": ("name",), "floor": ("name",), "accuracy": ("delay_ns",), "boot": ("part",), "rates": ("work", "guests", "tick"),
         "curve": ("series", "guests"), "arming": ("run",)}
SAME = ("unit", "n")  # in these two figures must agree, to be compared
LIMITS_FILE = "tests/system/test_bench.py"


MEANINGS = ("no figure is above its limit", "a figure is above its limit", "nothing was compared", "figures differ")
FINE, ABOVE, NOTHING, DIFFERENT = range(4)


class CompareError(Exception):
    """There is nothing to compare; the text says why."""


def call(*command, cwd=None):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd,
                          check=False)
    if done.returncode != 0:
        raise CompareError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
    return done.stdout.strip()


def measure_commit(commit, build, jobs):
    """The folder with the figures of a commit, which is built and measured if it has not been yet."""
    tree = (Path(build) / "base" / commit[:12]).resolve()
    folder = tree / "build/bench"
    if (folder / "done").exists():
        return folder
    if not tree.exists():
        call("git", "worktree", "prune")
        call("git", "worktree", "add", "--detach", tree, commit)
    isos = ["build/bench.iso"]
    tools = [["tools/bench.py", "build/bench.iso"]]
    if (tree / "tests/floor").exists():
        isos += ["build/floor.iso", "build/accuracy-500.iso", "build/first.iso"]
        tools = [tools[0] + ["build/floor.iso"], ["tools/accuracy.py", "build/accuracy-500.iso"],
                 ["tools/boot_time.py", "build/first.iso"]]
        tools = [tool for tool in tools if (tree / tool[0]).exists()]
        isos = [tool_iso for tool in tools for tool_iso in tool[1:]]
    print(f"bench-compare: building and measuring {commit[:12]} in {tree}", file=sys.stderr, flush=True)
    call("make", f"-j{jobs}", *isos, cwd=tree)
    for tool in tools:
        call(*tool, "--output", "build/bench", cwd=tree)
    (folder / "done").touch()
    return folder


def resolve(base, build, jobs):
    """{name of a file of figures: path} of what `base` names."""
    path = Path(base)
    if path.is_file():
        if path.stem not in FILES:
            raise CompareError(f"{path}: a file of figures is one of {', '.join(name + '.json' for name in FILES)}")
        return {path.stem: path}
    if not path.is_dir():
        commit = subprocess.run(["git", "rev-parse", "--verify", "--quiet", base + "^{commit}"], stdout=subprocess.PIPE, text=True,
                                check=False).stdout.strip()
        if not commit:
            raise CompareError(f"{base} is no file, no folder and no commit")
        path = measure_commit(commit, build, jobs)
    return {name: path / f"{name}.json" for name in FILES if (path / f"{name}.json").exists()}


def rows_of(path):
    """{what tells the row apart: row} of a file of figures."""
    found = figures.read(path)
    rows = found if isinstance(found, list) else [row for part in found.values() for row in part]
    return {" ".join(str(row[key]) for key in FILES[path.stem]): row for row in rows}


def differences(name, old, new):
    """[(file, row, figure, old, new)] of one file; a row or a figure that only one has is None in the other."""
    changes = []
    for row in [*old, *(row for row in new if row not in old)]:
        before, after = old.get(row, {}), new.get(row, {})
        for key in SAME:
            if before and after and before.get(key) != after.get(key):
                raise CompareError(f"{name}, {row}: {key} was {before.get(key)} and is {after.get(key)}")
        for key in {**before, **after}:
            values = before.get(key), after.get(key)
            if key not in FILES[name] and values[0] != values[1]:
                changes.append((name, row, key, *values))
    return changes


def table(changes):
    """The changes, as lines."""
    lines = [("file", "row", "figure", "old", "new", "difference")]
    for file, row, key, old, new in changes:
        numbers = isinstance(old, (int, float)) and isinstance(new, (int, float))
        change = f"{round(new - old, 6):+g}" + (f" ({(new - old) / old * 100:+.1f} %)" if old else "") if numbers else "-"
        lines.append((file, row, key, "-" if old is None else str(old), "-" if new is None else str(new), change))
    return figures.align(lines)


def limits():
    """{figure: (limit of the median, limit of the 99th percentile, goal)}, as the test has them."""
    for node in ast.parse(Path(LIMITS_FILE).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "LIMITS":
            return ast.literal_eval(node.value)
    raise CompareError(f"{LIMITS_FILE} has no LIMITS")


def broken(rows):
    """Sentences, one for each present figure above its limit. Instructions only: others have none."""
    return [f"{name}: {key} is {row[key]}, the limit is {limit}" for name, row in rows.items()
            if row["unit"] == figures.INSTRUCTIONS
            for key, limit in zip(("median", "p99"), limits().get(name, ())) if row[key] > limit]


def end(status):
    """Says how it ended, in both streams' order; returns the status."""
    sys.stdout.flush()
    print(f"bench-compare: status {status}: {MEANINGS[status]}", file=sys.stderr if status in (ABOVE, NOTHING) else sys.stdout)
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a commit, a folder such as build/bench, or one of its files")
    parser.add_argument("--new", default="build/bench", help="the folder with the present figures")
    parser.add_argument("--build", default="build", help="where a commit's worktree goes, in base/")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--differences", action="store_true", help="a figure that differs is a status, too")
    options = parser.parse_args()
    try:
        old = resolve(options.base, options.build, options.jobs)
        new = resolve(options.new, options.build, options.jobs)
        both = [name for name in old if name in new]
        if not both:
            raise CompareError(f"{options.base} and {options.new} have no file of figures in common")
        changes = [change for name in both for change in differences(name, rows_of(old[name]), rows_of(new[name]))]
        over = broken(rows_of(new["micro"])) if "micro" in both else []
    except (CompareError, OSError, ValueError, KeyError) as error:
        print(f"bench-compare: {error}", file=sys.stderr)
        return end(NOTHING)
    print(*(table(changes) if changes else ["no figure differs"]), sep="\n")
    print(f"bench-compare: {len(changes)} figures differ in {', '.join(both)}; {len(over)} above their limits")
    for sentence in over:
        print(f"bench-compare: ABOVE ITS LIMIT: {sentence}", file=sys.stderr)
    return end(ABOVE if over else DIFFERENT if changes and options.differences else FINE)


if __name__ == "__main__":
    sys.exit(main())
