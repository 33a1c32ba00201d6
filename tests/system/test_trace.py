# SPDX-License-Identifier: BSD-2-Clause
"""The trace: what it tells of an event agrees with itself, and it takes nothing when it is off."""

import re
from collections import Counter

import pytest

from conftest import until

# The kernel's demonstration: each guest sleeps and computes. Four of them contend for the CPUs.
GUESTS = [("guest", "guest count=4 mem=1M name=web")]
RECORD = re.compile(r"^ *(\d+)\.(\d{9})  \+(\d+) +(\d+)  (\S+) +(\w+) ?(.*?)\r?$", re.MULTILINE)
TIMERS = {"arm", "disarm", "move", "expire", "deliver", "program", "fire"}


@pytest.fixture
def monitor(console):
    def start(**machine):
        monitor = console("mode=interactive", GUESTS, icount=True, **machine)
        monitor.prompt(timeout_s=180)
        return monitor
    return start


def records(text):
    """The rows of `trace show` as (time in ns, ns since the row before, cpu, guest, event, words)."""
    return [(int(s) * 10**9 + int(ns), int(delta), int(cpu), guest, event, words)
            for s, ns, delta, cpu, guest, event, words in RECORD.findall(text)]


def at_least(machine, count):
    """The last 300 records, when there are so many."""
    found = []

    def enough():
        found[:] = records(machine.command("trace show 300"))
        return len(found) >= count

    until(enough, f"{count} records")
    return found


def times(words):
    """The moments that a record names, in ns."""
    return [int(s) * 10**9 + int(ns) for s, ns in re.findall(r"(\d+)\.(\d{9})", words)]


@pytest.mark.parametrize("cpus", [1, 2])
def test_the_story_of_an_event(monitor, cpus):
    machine = monitor(smp=cpus)
    machine.command("trace on")
    rows = at_least(machine, 300)
    machine.command("trace off")
    assert all(after[0] - before[0] == after[1] for before, after in zip(rows, rows[1:])), rows
    assert {row[2] for row in rows} == set(range(cpus))
    seen = Counter()
    expired, running, sleeping = {}, {}, {}
    for time, _, cpu, guest, event, words in rows:
        seen[event] += 1
        if event == "expire":
            due, at = times(words)
            assert due <= at <= time, (time, words)
            expired[guest] = (due, at)
        elif event == "deliver" and guest in expired:
            assert tuple(times(words)) == expired.pop(guest), (time, words)
        elif event == "sleep":
            sleeping[cpu] = times(words)
        elif event == "woken" and cpu in sleeping:
            until = sleeping.pop(cpu)
            assert words != "by timer interrupt" or until and time >= until[0], (time, words)
        elif event == "run":
            assert running.get(cpu) is None and guest not in running.values(), (time, guest, running)
            running[cpu] = guest
        elif event == "stop":
            assert running.get(cpu) in (None, guest), (time, guest, running)
            running[cpu] = None
    for event in ("expire", "deliver", "program", "arm", "call", "return", "run", "stop", "sleep", "woken"):
        assert seen[event] > 0, (event, seen)


def test_only_what_is_wanted(monitor):
    machine = monitor()
    machine.command("trace on timers")
    assert re.match(r"on: timers\s", machine.command("trace"))
    rows = at_least(machine, 20)
    assert {row[4] for row in rows} <= TIMERS | {"new"}, rows
    for words in ("scheduler interrupts", "scheduler,interrupts"):
        machine.command("trace on")
        machine.command(f"trace on {words}")
        assert re.match(r"on: interrupts scheduler\s", machine.command("trace"))


def test_the_hypervisors_own_timers_have_a_record(monitor):
    """That of `top`, which there is as long as it is shown. No guest lives, so nothing else is recorded."""
    machine = monitor()
    machine.command("kill all")
    machine.command("trace on timers")
    machine.child.send("top\r")
    machine.expect("every 2 s; Space: now, q: leave")
    machine.expect("every 2 s; Space: now, q: leave")
    machine.child.send("q")
    machine.prompt()
    fires = [row for row in records(machine.command("trace show 300")) if row[4] == "fire"]
    assert "monitor" in {words.strip().partition(",")[0] for *_, words in fires}, "top's timer has drawn the second screen"
    for time, _, cpu, guest, _, words in fires:
        due, at = times(words)
        assert words.strip().startswith(("monitor, due at ", "memory of ended guests, due at ")), words
        assert due <= at <= time and (cpu, guest) == (0, "-"), (time, words)


def test_off_it_takes_no_instruction(monitor):
    def figures():
        machine.child.send("bench\r")
        machine.expect(r"CR3[\r\n]+")
        text, _ = machine.expect("bench: end of figures", timeout_s=180)
        machine.prompt()
        return re.findall(r"^(\w+) +\d+ +(\d+) ", text, re.MULTILINE)  # medians

    machine = monitor()
    machine.command("kill all")  # what is armed for others moves some figures
    until(lambda: re.search(r"^0 timers armed", machine.command("timers"), re.MULTILINE), "the last timer's time")
    in_use = re.compile(r"(\d+) in use")
    before = in_use.search(machine.command("mem")).group(1)
    untouched = figures()
    machine.command("trace on")
    traced = figures()
    machine.command("trace off")
    assert figures() == untouched != traced
    assert re.search(r"^CPU 0: \d{4,} recorded, the last 8192 are kept", machine.command("trace"), re.MULTILINE)
    machine.command("trace clear")
    assert "nothing is recorded; `trace on` begins" in machine.command("trace show")
    assert in_use.search(machine.command("mem")).group(1) == before


def test_wrong_words(monitor):
    machine = monitor()
    assert "`foo`: expected on, off, show, dump or clear" in machine.command("trace foo bar")
    assert "`bar`: one word too many" in machine.command("trace off bar")
    assert "`disks`: expected all, interrupts, hypercalls, timers, scheduler or marks" in machine.command("trace on timers disks")
    assert "`disks`: expected all" in machine.command("trace on timers,disks") and "``: expected all" in machine.command("trace on ,")
    assert "`0`: expected how many records from 1 to 300" in machine.command("trace show 0")
    assert re.match(r"off\s", machine.command("trace"))


def test_the_self_test_passes_on_the_careful_ways(boot, entry):
    boot_line, modules = entry("selftest")
    outcome = boot(f"{boot_line} exit=debug trace=all", modules).succeeded()
    outcome.says(r"^selftest: \d{3} passed, 0 failed")
