#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where the instructions of the time path go (`make budget`): the benchmark's operations, function by function.

QEMU runs the benchmark as for `make bench`, but one instruction at a time, and says the address of each that it executes
in the hypervisor. A pass is what it executes from one way in to the next: a hypercall, an interrupt, an exception. Passes
are told apart by the functions that they go through; of each kind the one of median length is shown. A function's
instructions are its own: what was inlined into another stands under its own name.
"""

import argparse
import bisect
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import figures
import qemu

TIMEOUT_S = 600

WAYS_IN = re.compile(r"^(entry_(int|syscall)(_timed)?|stub_\d+)$")

# path: (the way in, functions that it goes through, functions that it does not, what it is)
PATHS = {
    "null_hypercall": ("entry_int", ["nop"], [], "a hypercall that does nothing"),
    "arm_head": ("entry_int", ["vtimer_set_oneshot", "set_count"], ["timer_queue_program_slowly"],
                 "a one-shot becomes the earliest deadline of the CPU, and the LAPIC timer is programmed for it"),
    "expiry_running": ("stub_240", ["trap_from_guest", "upcall_deliver_due"],
                       ["lateness_fold", "delivery_made_slowly", "program_and_expire"],
                       "the timer interrupt takes a running guest into its handler"),
    "expiry_blocked": ("stub_240", ["trap_from_idle", "upcall_deliver_due"],
                       ["lateness_fold", "delivery_made_slowly", "program_and_expire"],
                       "the timer interrupt ends the CPU's sleep, and the guest's handler runs"),
    "block": ("entry_int", ["halt", "entry_idle"], ["lateness_fold"], "HCALL_HALT until the CPU sleeps"),
    "exception": ("stub_3", ["upcall_exception"], [], "an int3 comes back to the guest's own handler"),
}

TRACE = re.compile(rb"^Trace 0: \S+ \[[0-9a-f]+/([0-9a-f]+)/")


def text_range(elf):
    """(first address, size) of the hypervisor's code."""
    for line in subprocess.run(["readelf", "-SW", elf], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if ".text" in words:
            at = words.index(".text")
            return int(words[at + 2], 16), int(words[at + 4], 16)
    raise ValueError(f"{elf} has no section .text")


def ways_in(elf):
    """{address: name} of all entries."""
    symbols = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    found = {int(address, 16): name for address, _, name in re.findall(r"^(\w+) (\w) (\S+)$", symbols, re.MULTILINE)
             if WAYS_IN.match(name)}
    if not found:
        raise ValueError(f"{elf} has none of the entries that entry.asm names")
    return found


def passes(lines, entries):
    """Yields (name of the way in, [address]) for each pass in QEMU's log."""
    name, path = None, []
    for line in lines:
        match = TRACE.match(line)
        if match is None:
            # An instruction that QEMU announced and did not execute yet, or must begin again.
            if path and (line.startswith(b"Stopped execution") or b"rewound" in line):
                path.pop()
            continue
        address = int(match[1], 16)
        if address in entries:
            if name is not None:
                yield name, path
            name, path = entries[address], []
        if name is not None:
            path.append(address)
    if name is not None:
        yield name, path


def run(iso, elf):
    """{(way in, addresses): how often} of all passes. Raises RuntimeError with what went wrong."""
    start, size = text_range(elf)
    seen = {}
    with tempfile.TemporaryDirectory(prefix="lull-budget.") as folder:
        fifo = f"{folder}/log"
        os.mkfifo(fifo)
        line = qemu.command(iso, icount=True) + [
            "-singlestep", "-d", "exec,nochain", "-dfilter", f"{start:#x}+{size:#x}", "-D", fifo]
        machine = subprocess.Popen(["timeout", "--foreground", str(TIMEOUT_S), *line], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with open(fifo, "rb", buffering=1 << 20) as log:
            for name, path in passes(log, ways_in(elf)):
                seen[name, tuple(path)] = seen.get((name, tuple(path)), 0) + 1
        output, _ = machine.communicate()
    if machine.returncode != qemu.EXIT_SUCCESS:
        raise RuntimeError(f"QEMU ended with status {machine.returncode}, not {qemu.EXIT_SUCCESS}:\n"
                           f"{output.decode('utf-8', errors='replace')}")
    return seen


def locate(elf, addresses):
    """{address: (function, all functions around it, file:line)}."""
    ordered = sorted(addresses)
    text = subprocess.run(["addr2line", "-afi", "-e", elf], input="\n".join(map(hex, ordered)), capture_output=True,
                          text=True, check=True).stdout
    where = {}
    for block in re.split(r"^0x", text, flags=re.MULTILINE)[1:]:
        address, *pairs = block.splitlines()
        names = pairs[0::2]
        place = re.sub(r"^.*/hv/", "hv/", pairs[1]).split(" ")[0]
        where[int(address, 16)] = (names[0], set(names), place)
    symbols = [(int(a, 16), n) for a, _, n in re.findall(
        r"^(\w+) ([tT]) (\S+)$",
        subprocess.run(["nm", "-n", elf], capture_output=True, text=True, check=True).stdout, re.MULTILINE)]
    starts = [address for address, _ in symbols]
    for address, (name, names, place) in where.items():
        if name == "??":  # assembly
            name = symbols[bisect.bisect_right(starts, address) - 1][1]
            where[address] = (name, {name}, place)
    return where


def median(found):
    """The path of median length among {path: how often}."""
    ordered = sorted((len(path), path) for path, times in found.items() for _ in range(times))
    return ordered[len(ordered) // 2][1]


def pick(seen, where):
    """{name: (median pass, how many there were)} for PATHS."""
    functions = {key: set().union(*(where[address][1] for address in key[1])) for key in seen}
    picked = {}
    for name, (way_in, through, around, _) in PATHS.items():
        found = {key[1]: times for key, times in seen.items()
                 if key[0] == way_in and functions[key].issuperset(through) and functions[key].isdisjoint(around)}
        if not found:
            raise RuntimeError(f"nothing went the way of {name}")
        picked[name] = (median(found), sum(found.values()))
    return picked


def by_function(path, where):
    """[[function, file, instructions]] in the order in which the path comes to them."""
    counts = {}
    for address in path:
        function, _, place = where[address]
        key = function, place.split(":")[0]
        counts[key] = counts.get(key, 0) + 1
    return [[function, file, count] for (function, file), count in counts.items()]


def trace_lines(elf, path, where):
    """The instructions of a pass one by one, with their source lines."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-M", "intel", elf], capture_output=True, text=True,
                          check=True).stdout
    text = {int(address, 16): words for address, words in re.findall(r"^([0-9a-f]+):\t(.*)$", code, re.MULTILINE)}
    return [f"{where[address][2]:34}{where[address][0]:28}{text.get(address, '(patched at boot)')}" for address in path]


def matrix(budget):
    """One line for each source file, one column for each path: the lines of hv/README.md."""
    files = {}
    for name, path in budget.items():
        for _, file, count in path["functions"]:
            files.setdefault(file, {}).setdefault(name, 0)
            files[file][name] += count
    rows = sorted(files.items(), key=lambda row: -sum(row[1].values()))
    lines = [f"{'instructions':27}" + "".join(f"{name:>16}" for name in budget)]
    lines += [f"{file:27}" + "".join(f"{counts.get(name, '-'):>16}" for name in budget) for file, counts in rows]
    lines.append(f"{'in all':27}" + "".join(f"{path['instructions']:>16}" for path in budget.values()))
    return lines


def table(budget):
    """All functions of all paths."""
    lines = []
    for name, path in budget.items():
        lines += [f"{name}: {PATHS[name][3]}", f"{path['instructions']:>6}"]
        lines += [f"{count:>6}  {function:32}{file}" for function, file, count in path["functions"]]
        lines.append("")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("iso", nargs="?", default="build/budget.iso")
    parser.add_argument("elf", nargs="?", default="build/lull.elf")
    parser.add_argument("--output", default="build/bench", help="folder for budget.json and budget.txt")
    parser.add_argument("--trace", choices=sorted(PATHS), help="print this path instruction by instruction")
    options = parser.parse_args()
    try:
        seen = run(options.iso, options.elf)
        where = locate(options.elf, {address for _, path in seen for address in path})
        picked = pick(seen, where)
    except (RuntimeError, ValueError, OSError) as error:
        print(f"budget: {error}", file=sys.stderr)
        return 1
    if options.trace:
        print(*trace_lines(options.elf, picked[options.trace][0], where), sep="\n")
        return 0
    budget = {name: {"instructions": len(path), "passes": passes_seen, "functions": by_function(path, where)}
              for name, (path, passes_seen) in picked.items()}
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    figures.write_json(folder / "budget.json", figures.about(unit=figures.INSTRUCTIONS), budget)
    lines = matrix(budget)
    (folder / "budget.txt").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(*table(budget), *lines, f"budget: written to {folder}/budget.json and {folder}/budget.txt", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
