#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which lines of hv/ and boot/ are executed on the host: by the unit tests, and by them and the fuzz corpus together.

Runs what `make coverage` has built, reads gcov's counts, prints a table by file and folder, writes it as JSON, and
compares with the floors below. A file that no test links has 0 lines executed; it is marked with a dash. Assembly is not
in the table. The last line is `coverage: N passed, N failed`, one for each floor and one for each program.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CORPUS = Path("tests/fuzz/corpus")
TIME_LIMIT_S = 600

# Per cent of the lines that the unit tests execute, at least: each parser, and three folders as a whole.
FLOORS = {
    "boot/multiboot2.c": 95,
    "boot/screen_tag.c": 95,
    "hv/core/boot_line.c": 95,
    "hv/core/option.c": 95,
    "hv/dev/acpi.c": 95,
    "hv/dev/acpi_fadt.c": 95,
    "hv/dev/acpi_madt.c": 95,
    "hv/dev/acpi_tables.c": 95,
    "hv/monitor/argument.c": 95,
    "hv/monitor/completion.c": 95,
    "hv/monitor/keys.c": 95,
    "hv/monitor/line.c": 95,
    "hv/shared/lib/parse.c": 95,
    "hv/vm/elf.c": 95,
    "hv/vm/elf_abi.c": 95,
    "hv/vm/module_line.c": 95,
    "hv/shared/": 90,
    "hv/time/": 90,
    "hv/vm/": 90,
}


def run(command, log):
    with open(log, "wb") as file:
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False,
                                  timeout=TIME_LIMIT_S).returncode
        except subprocess.TimeoutExpired:
            return -1


def run_all(build, jobs):
    """Runs the unit tests and replays the corpus; returns the programs that failed, and how many there are."""
    for counts in build.rglob("*.gcda"):
        counts.unlink()
    tests = [path for path in sorted((build / "unit").iterdir()) if path.is_file()]
    targets = [path for path in sorted((build / "fuzz").iterdir()) if path.is_file()]
    commands = [[str(path)] for path in tests]
    commands += [[str(path), *map(str, sorted((CORPUS / path.name).iterdir()))] for path in targets]
    (build / "logs").mkdir(exist_ok=True)
    logs = [build / "logs" / f"{Path(command[0]).name}.log" for command in commands]
    with ThreadPoolExecutor(jobs) as pool:
        statuses = list(pool.map(run, commands, logs))
    return [f"{command[0]}: see {log}" for command, log, status in zip(commands, logs, statuses) if status != 0], len(commands)


def gcov(objects):
    """The counts of some object files: {file: {line: times}}."""
    lines = defaultdict(lambda: defaultdict(int))
    done = subprocess.run(["gcov", "--json-format", "--stdout", *map(str, objects)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True)
    for text in done.stdout.splitlines():
        for file in json.loads(text)["files"]:
            if file["file"].startswith(("hv/", "boot/")):
                for line in file["lines"]:
                    lines[file["file"]][line["line_number"]] += line["count"]
    return lines


def collect(folder, jobs):
    notes = sorted(folder.rglob("*.gcno"))
    parts = [notes[i::jobs * 4] for i in range(jobs * 4)]
    total = defaultdict(lambda: defaultdict(int))
    with ThreadPoolExecutor(jobs) as pool:
        for lines in pool.map(gcov, [part for part in parts if part]):
            for name, counts in lines.items():
                for number, count in counts.items():
                    total[name][number] += count
    return total


def tabulate(unit, fuzz, rest):
    """[(file, lines, by unit tests, by both, linked)] in order."""
    rows = []
    for name in sorted({*unit, *fuzz, *rest}):
        linked = name in unit or name in fuzz
        lines = {*unit.get(name, {}), *fuzz.get(name, {})} if linked else set(rest[name])
        by_unit = {line for line in lines if unit.get(name, {}).get(line, 0) > 0}
        both = by_unit | {line for line in lines if fuzz.get(name, {}).get(line, 0) > 0}
        if lines:
            rows.append((name, len(lines), len(by_unit), len(both), linked))
    return rows


def add_up(rows, prefix):
    chosen = [row for row in rows if row[0].startswith(prefix)]
    return tuple(sum(row[i] for row in chosen) for i in (1, 2, 3))


def percent(part, whole):
    return 100 * part / whole if whole else 0.0


def show(rows):
    print(f"{'':36}{'lines':>7}{'unit tests':>13}{'and corpus':>13}")
    folder = None
    for name, lines, by_unit, both, linked in rows:
        if str(Path(name).parent) != folder:
            folder = str(Path(name).parent)
            total = add_up([row for row in rows if str(Path(row[0]).parent) == folder], "")
            print(f"\n{folder + '/':36}{total[0]:7}{percent(total[1], total[0]):11.1f} %{percent(total[2], total[0]):11.1f} %")
        figures = f"{percent(by_unit, lines):11.1f} %{percent(both, lines):11.1f} %" if linked else f"{'-':>11}  {'-':>11}"
        print(f"  {Path(name).name:34}{lines:7}{figures}")
    total = add_up(rows, "")
    print(f"\n{'in all':36}{total[0]:7}{percent(total[1], total[0]):11.1f} %{percent(total[2], total[0]):11.1f} %")


def check_floors(rows):
    passed = failed = 0
    for name, floor in FLOORS.items():
        lines, by_unit, _ = add_up(rows, name)
        if percent(by_unit, lines) >= floor:
            passed += 1
            continue
        failed += 1
        print(f"FAILED  {name}: unit tests execute {percent(by_unit, lines):.1f} % of {lines} lines, the floor is {floor} %")
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/coverage"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--missing", metavar="FILE", help="print the lines of a file that no unit test executes")
    options = parser.parse_args()
    bad, programs = run_all(options.build, options.jobs)
    unit = collect(options.build / "unit", options.jobs)
    rows = tabulate(unit, collect(options.build / "fuzz", options.jobs), collect(options.build / "rest", options.jobs))
    show(rows)
    keys = ("file", "lines", "unit", "unit_and_corpus", "linked")
    (options.build / "coverage.json").write_text(json.dumps([dict(zip(keys, row)) for row in rows], indent=1) + "\n",
                                                 encoding="utf-8")
    missing = {name: sorted(line for line, count in lines.items() if count == 0) for name, lines in unit.items()}
    (options.build / "missing.json").write_text(json.dumps(missing) + "\n", encoding="utf-8")
    if options.missing:
        print(f"{options.missing}: {missing.get(options.missing)}")
    print()
    for program in bad:
        print(f"FAILED  {program}")
    passed, failed = check_floors(rows)
    print(f"coverage: {passed + programs - len(bad)} passed, {failed + len(bad)} failed")
    return 1 if failed or bad else 0


if __name__ == "__main__":
    sys.exit(main())
