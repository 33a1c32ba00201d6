# SPDX-License-Identifier: BSD-2-Clause
"""What keeps the console for a while: guests' consoles, `top`, `bench`; and that nothing ticks behind them."""

import re

import pexpect
import pytest

from conftest import until

GUESTS = [("guest", "guest count=3 mem=1M name=web")]
ROW = r"^ *\d+ \S+ +\w+ +\d+\.\d\d +\d+\.\d\d +[\d.]+k? +[\d.]+k? +(?:-|[\d.]+[numsh]) +(?:-|[\d.]+[numsh]) +(?:-|[\d.]+[numsh]) +(?:-|[\d.]+[numsh])$"


@pytest.fixture
def monitor(console):
    machine = console("mode=interactive", GUESTS)
    machine.prompt()
    return machine


def drawing(machine):
    """Waits for the next drawing of `top`; returns its lines."""
    machine.expect(r"\x1b\[H(?=up )")
    return machine.expect(r"q: leave \x1b\[J")[0].splitlines()


def test_top_draws_rows_that_fit(monitor):
    monitor.child.send("top 1\r")
    lines = drawing(monitor)
    assert "3 of 3 guests live" in lines[0] and "since boot" in lines[0], lines
    assert lines[1].split() == ["guest", "name", "state", "cpu", "%", "steal%", "irq/s", "hc/s", "next", "p50", "p99", "max"]
    assert len(lines) == 6 and all(re.match(ROW, line) for line in lines[2:5]), lines
    for _ in range(2):  # by its own timer
        lines = drawing(monitor)
        assert "now" in lines[0] and all(re.match(ROW, line) for line in lines[2:5]), lines
        shares = [float(line.split()[3]) for line in lines[2:5]]
        assert shares == sorted(shares, reverse=True), lines
    monitor.child.send("q")
    monitor.prompt()
    assert "web.0" in monitor.command("guests")


@pytest.mark.parametrize("rows, columns", [(24, 80), (8, 60), (50, 150)])
def test_top_fits_the_terminal(console, rows, columns):
    machine = console("mode=interactive", [("guest", "guest count=200 mem=8K name=g -- work=idle")])
    machine.prompt()
    machine.child.send("top 0\r")
    drawing(machine)
    machine.child.send(f"\x1b[{rows};{columns}R")
    lines = drawing(machine)
    assert len(lines) == rows and f"and {200 - (rows - 4)} more" in lines, lines
    # Not "now": a share of the moment since the first drawing would mean nothing. (60 columns have no room for it.)
    assert "since boot" in lines[0] or columns == 60, lines
    assert all(len(line) < columns for line in lines), lines


def until_nothing_is_armed(monitor):
    until(lambda: re.search(r"^0 timers armed", monitor.command("timers"), re.MULTILINE), "the last timer's time")


def kill_all(monitor):
    """Ends all guests, and waits until what they had has been given back, which takes some steps of a timer."""
    monitor.command("kill all")
    until_nothing_is_armed(monitor)


def test_top_draws_on_demand_only(monitor):
    """With 0 nothing is drawn until it is asked for, and no timer of the monitor's is armed."""
    kill_all(monitor)
    monitor.child.send("top 0\r")
    drawing(monitor)
    for key in " \r":
        monitor.child.send(key)
        assert "0 of 3 guests live" in drawing(monitor)[0]
    monitor.child.send("q")
    monitor.prompt()
    assert b"\x1b[Hup" not in monitor.child.before
    assert "0 timers armed" in monitor.command("timers")


@pytest.mark.parametrize("key", ["q", "\x03", "\x1d"])
def test_nothing_ticks_behind_top(monitor, key):
    kill_all(monitor)
    monitor.child.send("top 1\r")
    drawing(monitor)
    monitor.child.send(key)
    monitor.prompt()
    assert "0 timers armed" in monitor.command("timers")


def interrupts(monitor):
    """{name: count} of the timer's interrupts."""
    text = monitor.command("irqs")
    return int(re.search(r"^timer +(\d+)", text, re.MULTILINE).group(1))


def test_an_idle_prompt_takes_no_timer_interrupt(monitor):
    monitor.command("pause all")
    until_nothing_is_armed(monitor)  # a guest's event that was armed before the pause still comes
    before = interrupts(monitor)
    for _ in range(20):
        monitor.command("help")
    assert interrupts(monitor) == before


def test_console_keeps_what_is_not_shown(monitor):
    monitor.child.send("console web.1\r")
    text, _ = monitor.expect(r"work=demo hz=0[^\r\n]*")
    assert "console of guest 2 (web.1); Ctrl-] leaves it" in text
    monitor.child.send("\x1d")
    monitor.prompt()
    monitor.child.send("\x1d")  # back: what was shown is not shown again
    text, _ = monitor.expect(r"console of guest 2 \(web\.1\); Ctrl-\] leaves it\r+\n")
    monitor.child.send("\x1d")
    assert "work=demo" not in monitor.prompt()
    monitor.command("kill 2")
    text = monitor.command("console 2")  # of one that has ended, and the prompt comes by itself
    assert "it has ended, and this is what is kept" in text and "work=demo" in text, text
    monitor.command("restart 2")
    assert "whose console was shown last, is gone" in monitor.command("\x1d")


def test_no_console_yet(monitor):
    assert "no console has been shown yet" in monitor.command("\x1d")


def test_what_is_typed_goes_to_the_guest(console):
    """console_input expects "console-" and says which byte is another; a guest that does not listen is told of."""
    machine = console("mode=interactive", [("guest", "guest name=deaf"), ("console_input", "listener")])
    machine.prompt()
    machine.child.send("console deaf\r")
    machine.expect("work=demo")
    machine.child.send("hello\r")
    machine.expect(r"\[guest 1 takes no input; Ctrl-\] leaves its console\]")
    machine.child.send("more\x1d")
    assert "takes no input" not in machine.prompt()  # once is enough
    machine.child.send("console listener\r")
    machine.expect("console of guest 2")
    for _ in range(100):  # it begins to listen some milliseconds after its start
        machine.child.send("x")
        if machine.child.expect(["0x78 is not 0x63", pexpect.TIMEOUT], timeout=0.2) == 0:
            break
    machine.expect(r"guest 2 \(listener\) exited with code 1")
    machine.child.send("y")
    machine.expect(r"\[guest 2 has ended; Ctrl-\] leaves its console\]")
    machine.child.send("\x1d")
    machine.prompt()


def test_bench_measures_and_leaves_nothing(monitor):
    def in_use():
        return int(re.search(r"(\d+) in use", monitor.command("mem")).group(1))

    monitor.command("pause all")
    before = in_use()
    monitor.child.send("bench\r")
    monitor.expect(r"ticks +min +median +p99 +max +crossings +MMIO +CR3")
    text, _ = monitor.expect("bench: end of figures")
    rows = re.findall(r"^(\w+) +(\d+) +(\d+) +(\d+) +(\d+) +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d$", text, re.MULTILINE)
    assert len(rows) >= 13 and rows[0][0] == "hypercall_null_int" and "@json" not in text, text
    assert all(list(map(int, row[1:])) == sorted(map(int, row[1:])) for row in rows), text
    monitor.prompt()
    assert len(re.findall("paused", monitor.command("guests"))) == 3
    assert in_use() == before


def test_bench_is_stopped_by_control_c(monitor):
    monitor.child.send("bench\rguests\r\x03")  # in one piece, long before it is over; nothing else is listened to
    text, _ = monitor.expect("bench: it did not finish; the figures are not complete")
    assert "timer irqs" not in text, text
    monitor.prompt()
    assert len(re.findall(r"web\.\d", monitor.command("guests"))) == 3


def test_bench_without_its_module(console):
    machine = console("mode=interactive", [("spin", "spin")])
    machine.prompt()
    assert "`bench`: needs a module named `guest` in the boot menu's entry" in machine.command("bench")


def test_the_mode_writes_a_table_for_people(boot, entry):
    boot_line, modules = entry("bench")
    outcome = boot(f"{boot_line} exit=debug", modules).succeeded()
    outcome.says(r"^instructions +min +median +p99 +max +crossings +MMIO +CR3$")
    outcome.says(r"^doorbell_pingpong( +\d+){4} +4\.")
    outcome.never_says("@json")
