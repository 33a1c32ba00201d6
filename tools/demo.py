#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the demo: ten guests at 1000 Hz, then the same ten tickless.

`demo.py run` is `make run`: the ISO on this terminal, with the host's share of the cost added under the table,
then the monitor prompt. `demo.py compare` is `make demo`: no interaction, the figures go to build/demo.json, and
the exit status is 0 only when every figure came from this run and the tickless phase behaved. It runs with
--icount, so that all figures but the host's CPU time are the same on every machine.

The hypervisor cannot see what QEMU costs the host, so this tool reads the CPU time of the QEMU process whenever
the hypervisor prints one of its phase marks (tools/README.md lists them).
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import pexpect

import qemu

PHASES = ("static", "tickless")
MARK = re.compile(rb"demo: phase (static|tickless) (begins|ends)")
END_OF_TABLE = b"demo: end of table"
PROMPT = b"lull> "

# Real seconds. Generous, because a loaded machine may emulate slowly; reaching one is a failure.
BOOT_TIMEOUT_S = 300
DEMO_TIMEOUT_S = 600
COMMAND_TIMEOUT_S = 180

RATES = ("guest_timer_irqs_per_s", "hw_timer_irqs_per_s", "hypercalls_per_s", "vcpu_switches_per_s")
SHARES = ("hypervisor", "guests", "idle")
LATENESS = ("min", "median", "p99", "max")
GUESTS = 10
FEWER_INTERRUPTS = 50


def cpu_seconds(pid):
    """User and system CPU seconds of process `pid` so far, or None when it is gone (proc(5), stat 14 and 15). One that has
    ended, and that nobody has waited for, still has all of its."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class HostCost:
    """Follows the serial output and takes QEMU's CPU time at the phase marks."""

    def __init__(self, pid):
        self.pid = pid
        self.begins = {}
        self.seconds = {}
        self.tail = b""
        self.table_ended = False

    def watch(self, data):
        """Takes output as it comes and returns it, with our lines put behind the table's last line."""
        *pieces, last = data.split(b"\n")
        out = b""
        for piece in pieces:
            out += piece + b"\n" + self.line(self.tail + piece)
            self.tail = b""
        self.tail += last
        return out + last

    def line(self, line):
        """Looks at one whole line; returns what is to be shown behind it."""
        mark = MARK.search(line)
        if mark:
            now, phase = cpu_seconds(self.pid), mark.group(1).decode()
            if mark.group(2) == b"begins":
                self.begins[phase] = now
            elif now is not None and self.begins.get(phase) is not None:
                self.seconds[phase] = round(now - self.begins[phase], 2)
        if END_OF_TABLE in line and not self.table_ended:
            self.table_ended = True
            return self.text().replace("\n", "\r\n").encode()
        return b""

    def text(self):
        """The lines under the table."""
        if set(self.seconds) != set(PHASES):
            return "host CPU seconds of QEMU: not measured, the phase marks did not come\n"
        static, tickless = (self.seconds[phase] for phase in PHASES)
        text = f"host CPU seconds of QEMU: static {static:.2f}, tickless {tickless:.2f}"
        if tickless > 0:
            text += f" ({static / tickless:.1f} times less)"
        return text + "\n"


def start(iso, options, serial):
    line = qemu.from_options(iso, options, serial=serial)
    child = pexpect.spawn(line[0], line[1:], echo=False, timeout=BOOT_TIMEOUT_S, dimensions=(50, 200))
    child.delaybeforesend = None
    return child


def run_on_terminal(child):
    """The user's terminal is the serial console; Ctrl-A X ends QEMU."""
    cost = HostCost(child.pid)
    print("Ctrl-A X ends QEMU at any time.", flush=True)
    child.interact(escape_character=None, output_filter=cost.watch)
    child.wait()
    return qemu.end(child)


def run_piped(child):
    """No terminal: show everything, give the monitor one line of stdin for each prompt, power off at its end."""
    cost = HostCost(child.pid)
    commands = iter(sys.stdin) if not sys.stdin.isatty() else iter(())
    powering_off = False
    seen = b""
    try:
        while True:
            data = child.read_nonblocking(4096, timeout=COMMAND_TIMEOUT_S if cost.table_ended else DEMO_TIMEOUT_S)
            sys.stdout.buffer.write(cost.watch(data))
            sys.stdout.buffer.flush()
            seen = (seen + data)[-len(PROMPT):]
            if seen == PROMPT and not powering_off:
                command = next(commands, None)
                powering_off = command is None
                child.send(((command or "poweroff").rstrip("\n")) + "\r")
                seen = b""
    except pexpect.EOF:
        pass
    except pexpect.TIMEOUT:
        qemu.end(child)
        print("\nrun: the machine said nothing for too long, so QEMU was ended", file=sys.stderr)
        return 1
    return qemu.end(child)


def run(options):
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    child = start(options.iso, options, "mon:stdio" if on_terminal else "stdio")
    status = run_on_terminal(child) if on_terminal else run_piped(child)
    # 0: powered off, by the monitor or by Ctrl-A X. 33: success by the debug exit.
    return 0 if status in (0, qemu.EXIT_SUCCESS) else status


def numbers(figures, keys, where, problems):
    for key in keys:
        value = figures.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value < 0:
            problems.append(f"{where}.{key} is {value!r}, not a number of at least 0")


def check(result):
    """Returns what is wrong with the two phases' figures, as a list of sentences."""
    problems = []
    for phase in PHASES:
        figures = result.get(phase)
        if not isinstance(figures, dict):
            problems.append(f"no figures came for the {phase} phase")
            continue
        numbers(figures, ("guests", *RATES, "host_cpu_s"), phase, problems)
        numbers(figures.get("cpu_share") or {}, SHARES, f"{phase}.cpu_share", problems)
        # A negative lateness is an event that fired early.
        numbers(figures.get("lateness_ns") or {}, LATENESS, f"{phase}.lateness_ns", problems)
    if problems:
        return problems
    for phase in PHASES:
        figures = result[phase]
        if figures["guests"] != GUESTS:
            problems.append(f"{phase}: {figures['guests']} guests ran, not {GUESTS}")
        share = sum(figures["cpu_share"][key] for key in SHARES)
        if abs(share - 1) > 0.01:
            problems.append(f"{phase}: the CPU shares sum to {share:.4f}, not 1")
        late = [figures["lateness_ns"][key] for key in LATENESS]
        if late != sorted(late):
            problems.append(f"{phase}: lateness is not ordered min <= median <= p99 <= max: {late}")
        for rate in ("guest_timer_irqs_per_s", "hw_timer_irqs_per_s"):
            if figures[rate] == 0:
                problems.append(f"{phase}: {rate} is 0, so the guests did no work")
    static, tickless = (result[phase]["hw_timer_irqs_per_s"] for phase in PHASES)
    if static < FEWER_INTERRUPTS * tickless:
        problems.append(f"hardware timer interrupts fell from {static} to {tickless} a second, "
                        f"which is less than {FEWER_INTERRUPTS} times")
    return problems


def parse(output):
    """Returns {name: figures} of the lines `@json NAME {...}`; raises ValueError for a line that is not JSON."""
    found = {}
    for name, text in re.findall(r"@json (\w+) (.*?)\r*$", output, re.MULTILINE):
        found[name] = json.loads(text)
    return found


def collect(iso, options, verbose=False):
    """Lets the machine run to its end; returns (its output, what QEMU cost, the problems)."""
    child = start(iso, options, "stdio")
    cost = HostCost(child.pid)
    output, problems = b"", []
    try:
        while True:
            data = child.read_nonblocking(4096, timeout=DEMO_TIMEOUT_S)
            output += cost.watch(data)
            if verbose:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
    except pexpect.EOF:
        pass
    except pexpect.TIMEOUT:
        problems.append(f"nothing came for {DEMO_TIMEOUT_S} s, so QEMU was ended")
    status = qemu.end(child)
    if not problems and status != qemu.EXIT_SUCCESS:
        problems.append(f"QEMU ended with status {status}, not {qemu.EXIT_SUCCESS}")
    return output.decode("utf-8", errors="replace").replace("\r", ""), cost, problems


def compare(options):
    for path in (Path(options.json), Path(options.json).with_suffix(".txt")):
        path.unlink(missing_ok=True)  # a failed run leaves no figures, not even old ones
    text, cost, problems = collect(options.iso, options, options.verbose)
    try:
        found = parse(text)
    except ValueError as error:
        found = {}
        problems.append(f"a line of figures is no JSON: {error}")
    result = {phase: found[phase] for phase in PHASES if isinstance(found.get(phase), dict)}
    for phase, figures in result.items():
        figures["host_cpu_s"] = cost.seconds.get(phase)
    problems += check(result)

    table = table_of(text)
    if problems and not options.verbose:
        print(text)
    elif not options.verbose:
        print(table, end="")
    for problem in problems:
        print(f"demo: FAILED: {problem}", file=sys.stderr)
    if problems:
        return 1
    Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    Path(options.json).write_text(json.dumps(result, indent=2) + "\n", encoding="ascii")
    Path(options.json).with_suffix(".txt").write_text(table, encoding="ascii")
    print(f"demo: figures written to {options.json}")
    return 0


def table_of(text):
    """The table: what came between the end of the last phase and the table's end mark, and our line after it."""
    match = re.search(r"demo: phase tickless ends[^\n]*\n(.*demo: end of table[^\n]*\n[^\n]*\n)", text, re.DOTALL)
    lines = match.group(1).splitlines() if match else []
    return "".join(line + "\n" for line in lines if not line.startswith("@json ") and "demo: end of table" not in line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "compare"])
    parser.add_argument("iso")
    parser.add_argument("--json", default="build/demo.json", help="where compare writes its figures")
    parser.add_argument("--verbose", action="store_true", help="compare: show the serial output as it comes")
    qemu.add_options(parser)
    options = parser.parse_args()
    try:
        return run(options) if options.what == "run" else compare(options)
    except ValueError as error:
        print(f"{options.what}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
