# SPDX-License-Identifier: BSD-2-Clause
"""The monitor's commands about guests, with right and wrong words: what is done, and what is answered."""

import re

import pytest

from conftest import until

GUESTS = [("guest", "guest count=3 mem=1M name=web"), ("spin", "spin")]


@pytest.fixture
def monitor(console):
    machine = console("mode=interactive", GUESTS)
    machine.prompt()
    return machine


@pytest.fixture
def two_cpus(console):
    machine = console("mode=interactive", GUESTS, smp=2)
    machine.prompt()
    return machine


def guests(monitor):
    """{name: (number, CPU, state)} from the `guests` table, the last one of a name."""
    rows = re.findall(r"^ *(\d+) (\S+) +(\d+) +\d+ +\d+ +\d+ +\d+  (.*)$", monitor.command("guests"), re.MULTILINE)
    return {name: (int(number), int(cpu), state) for number, name, cpu, state in rows}


@pytest.mark.parametrize("line, answer", [
    ("frobnicate", "`frobnicate`: there is no such command; `help` lists them"),
    ("help frobnicate", "`frobnicate`: there is no such command; `help` lists them"),
    ("help kill 1", "`1`: one word too many; expected: help [COMMAND]"),
    ("irqs now", "`now`: one word too many; expected: irqs"),
    ("guests web.0", "`web.0`: expected the number of a guest from 0 to 4294967295"),
    ("console", "expected: console GUEST"),
    ("console web", "`web`: expected the number or the name of a guest; `guests` lists them"),
    ("create", "expected: create IMAGE [OPTION]..."),
    ("create nothing", "`nothing`: there is no such image; expected one of guest, spin"),
    ("create guest colour=3", "guest: `colour=3`: unknown key; there are count, mem, name, expect, cpu, weight, pause, input, tick, restart, timeout"),
    ("create guest mem=1", "guest: `mem=1`: expected a size from 4K to 512M"),
    ("create guest cpu=3", "`guest`: number 1 of 1 was refused: the CPU that it is to run on (cpu=) is not there, or was not started"),
    ("kill", "expected: kill GUEST...|all"),
    ("kill 99", "`99`: there is no guest of this number; `guests` lists them"),
    ("kill 1 2 nobody", "`nobody`: expected the number or the name of a guest; `guests` lists them"),
    ("pause all 1", "`all`: expected the number or the name of a guest; `guests` lists them"),
    ("resume 1", "`web.0`: guest 1 is not paused"),
    ("restart 0", "`0`: there is no guest of this number; `guests` lists them"),
    ("mode", "expected: mode GUEST|all [hz=N|tickless]"),
    ("mode 1 hz=0", "`hz=0`: expected tickless, or hz= and a number from 1 to 100000"),
    ("mode 1 1000", "`1000`: expected tickless, or hz= and a number from 1 to 100000"),
    ("mode spin tickless", "`spin`: guest 4 does not know how to change its mode"),
    ("weight", "expected: weight GUEST|all [1..10000]"),
    ("weight 1 0", "`0`: expected a weight from 1 to 10000"),
    ("weight 1 10001", "`10001`: expected a weight from 1 to 10000"),
    ("pin 1 1", "`1`: expected `any` or a CPU from 0 to 0"),
    ("top 3601", "`3601`: expected seconds from 0 to 3600"),
    ("timers 0", "`0`: expected how many timers from 1 to 100"),
    ("lateness x", "`x`: expected the number or the name of a guest; `guests` lists them"),
    ("times x", "`x`: expected the number of a guest from 0 to 4294967295"),
])
def test_wrong_words_are_answered_in_one_line(monitor, line, answer):
    assert monitor.command(line).splitlines() == [answer]
    assert all(state in ("running", "runnable", "blocked") for _, _, state in guests(monitor).values())


def test_kill_by_name_number_and_all(monitor):
    monitor.command("kill web.1 3")
    assert [state for _, _, state in guests(monitor).values()].count("killed: operator") == 2
    assert monitor.command("kill 2").splitlines() == ["`web.1`: guest 2 has ended; expected one that is alive"]
    assert "2 guests killed" in monitor.command("kill all")
    assert {state for _, _, state in guests(monitor).values()} == {"killed: operator"}
    assert monitor.command("kill all").splitlines() == ["0 guests killed"]


def test_pause_and_resume_all(monitor):
    monitor.command("pause spin")
    assert monitor.command("pause all").splitlines() == ["3 guests paused"]
    assert {state for _, _, state in guests(monitor).values()} == {"paused"}
    assert monitor.command("resume all").splitlines() == ["4 guests resumed"]
    assert "paused" not in {state for _, _, state in guests(monitor).values()}


def test_create(monitor):
    assert monitor.command("create spin").splitlines() == ["guest 5 (spin) was made"]
    assert monitor.command("create guest count=3 mem=64K name=new weight=7 -- work=demo hz=100").splitlines() == \
        ["guests 6 to 8 (new) were made"]
    assert [guests(monitor)[f"new.{i}"][0] for i in range(3)] == [6, 7, 8]
    assert "both have this name; expected a number" in monitor.command("kill spin")
    monitor.child.send("console new.1\r")
    monitor.expect(r"work=demo hz=100 \(ticking\)")
    monitor.child.send("\x1d")
    monitor.prompt()
    assert monitor.command("create guest count=100 mem=8K name=many -- work=idle").splitlines() == \
        ["guests 9 to 108 (many) were made"]
    assert len(re.findall(r" many\.\d+ ", monitor.command("guests 9") + monitor.command("guests 59"))) == 100
    # What is refused half-way says how far it came.
    text = monitor.command("create guest count=10 mem=120M name=big")
    assert re.search(r"`guest`: number \d+ of 10 was refused: .*memory", text) and "were made" in text, text


def test_create_is_stopped_by_control_c(monitor):
    # In one piece, long before they are all made; nothing but Ctrl-C is listened to meanwhile.
    monitor.child.send("create guest count=10000 mem=8K name=g -- work=idle\rguests\r\x03")
    text = monitor.prompt()
    made = int(re.search(r"guests 5 to (\d+) \(g\) were made", text).group(1)) - 4
    assert 1 < made < 10000 and "timer irqs" not in text, text
    assert f"and {made + 4 - 50} more" in monitor.command("guests") or made <= 46


def test_restart_keeps_everything_but_the_number(monitor):
    monitor.command("create guest name=old mem=64K weight=7 cpu=0 -- work=demo hz=100")
    monitor.command("weight old 9")
    monitor.command("kill old")
    assert "guest 6 (old) is the guest that was 5" in monitor.command("restart old")
    assert "guest 7 (old) is the guest that was 6" in monitor.command("restart 6")  # a living one too
    assert monitor.command("weight old").splitlines() == ["guest 7 (old): weight 9"]
    assert monitor.command("pin old").splitlines() == ["guest 7 (old): pinned to CPU 0"]
    own = [int(pages) for pages in re.findall(r"(?:web\.0|old)\): (\d+) pages", monitor.command("mem"))]
    assert own[0] - own[1] == 256 - 16, own  # mem=1M and mem=64K
    listed = guests(monitor)
    assert listed["old"][0] == 7 and re.fullmatch("(running|runnable|blocked); restarts: 2", listed["old"][2]), listed
    assert len(re.findall(r" old ", monitor.command("guests"))) == 1
    monitor.child.send("console old\r")
    monitor.expect(r"work=demo hz=100 \(ticking\)")


def test_restart_gives_all_memory_back(monitor):
    def in_use():
        return int(re.search(r"(\d+) in use", monitor.command("mem")).group(1))

    monitor.command("restart 1")
    before = in_use()
    for number in range(5, 25):
        assert f"guest {number + 1} (web.0) is the guest that was {number}" in monitor.command(f"restart {number}")
    assert in_use() == before


def ticks(monitor):
    """Hardware interrupts for guests' ticks."""
    return int(re.search(r"^ +for guest tick +(\d+)", monitor.command("irqs"), re.MULTILINE).group(1))


def test_mode_switches_a_running_guest(monitor):
    monitor.command("kill spin")
    until(lambda: monitor.command("mode all tickless").splitlines() == ["3 guests asked to be tickless"], "guests that have come up")
    assert monitor.command("mode all").splitlines() == [f"guest {n} (web.{n - 1}): tickless" for n in (1, 2, 3)]
    assert ticks(monitor) == 0
    assert monitor.command("mode web.1 hz=1000").splitlines() == ["guest 2 (web.1): asked for hz=1000"]
    until(lambda: ticks(monitor) > 20, lambda: monitor.command("irqs"))
    assert "guest 2 (web.1): ticking, hz=1000" in monitor.command("mode all")
    assert monitor.command("mode web.1 tickless").splitlines() == ["guest 2 (web.1): asked to be tickless"]
    until(lambda: monitor.command("mode 2").splitlines() == ["guest 2 (web.1): tickless"], lambda: monitor.command("mode 2"))
    after = ticks(monitor)

    def interrupts():
        return int(re.search(r"web\.1 +\d +(\d+)", monitor.command("guests")).group(1))

    before = interrupts()
    until(lambda: interrupts() > before + 3, lambda: monitor.command("timers"))  # it goes on with its work, by one-shot events
    assert ticks(monitor) == after
    assert "hz=1000 (ticking) from now on" in monitor.command("kill 2") + monitor.command("console 2")


def test_weight_is_obeyed(console):
    """Two that spin share the CPU as their weights say, from the command on."""
    machine = console("mode=interactive", [("spin", "spin count=2")], icount=True)
    machine.prompt()
    machine.command("weight spin.0 900")
    machine.child.send("top 1\r")
    machine.expect(r"hw irq/s, now")  # over a second
    machine.expect(r"spin\.0 +\w+ +(\d+\.\d+)")
    assert abs(float(machine.child.match.group(1)) - 90) < 1


def test_pin_moves_a_guest_whatever_it_does(two_cpus):
    """A guest that spins, one that sleeps and one that is paused go to the other CPU and back, and live on there."""
    two_cpus.command("pause web.2")
    for cpu in (1, 0, 1, 0, 1):
        for name in ("spin", "web.0", "web.2"):
            assert re.fullmatch(rf"guest \d \({name}\): pinned to CPU {cpu}", two_cpus.command(f"pin {name} {cpu}").strip())
        assert two_cpus.command("pin web.0").splitlines() == [f"guest 1 (web.0): pinned to CPU {cpu}"]
        listed = guests(two_cpus)
        assert [listed[name][1] for name in ("spin", "web.0", "web.2")] == [cpu] * 3, listed
        assert listed["web.2"][2] == "paused"
    two_cpus.command("resume web.2")

    def interrupts():
        return [int(count) for count in re.findall(r"web\.\d +\d +(\d+)", two_cpus.command("guests"))]

    before = interrupts()
    until(lambda: all(new >= old + 3 for old, new in zip(before, interrupts())), "the timers, which came along")
    assert "to the tick, in 4" in two_cpus.command("times")
    assert "the wheel is sound" in two_cpus.command("timers")
    two_cpus.command("kill all")
    assert {state for _, _, state in guests(two_cpus).values()} == {"killed: operator"}


def test_registers_stay_whatever_the_operator_does(console):
    """Each command finds the guest interrupted, with values of its own in all registers."""
    machine = console("mode=interactive", [("registers_moved", "registers_moved name=moved")], smp=2)
    machine.prompt()
    for command, answer in (("pin moved 1", ": pinned to CPU 1"), ("pause moved", " is paused"), ("resume moved", " goes on"),
                            ("pin moved 0", ": pinned to CPU 0")) * 3:
        assert machine.command(command).strip() == f"guest 1 (moved){answer}"
    def looks():
        row = re.search(r"^ *1 moved +\d+ +(\d+) +\d+ +\d+ +\d+  (.*)$", machine.command("guests"), re.MULTILINE)
        assert row[2] in ("running", "runnable"), row[0]
        return int(row[1])

    before = looks()
    until(lambda: looks() > before + 1, "a look at the registers, every 50 ms")


def test_interrupts_of_a_busy_machine_add_up(console):
    """Other CPUs go on serving timers while this one prints."""
    machine = console("mode=interactive", [("guest", "guest count=16 mem=64K name=web -- hz=1000")], smp=4)
    machine.prompt()
    pattern = r"^  for guest .* (\d+)$"
    until(lambda: sum(map(int, re.findall(pattern, machine.command("irqs"), re.MULTILINE))) > 0, "a tick")
    for _ in range(5):
        text = machine.command("irqs")
        assert re.search(r"^  guests that are gone +0 +0$", text, re.MULTILINE), text
        by_reason = sum(map(int, re.findall(pattern, text, re.MULTILINE)))
        rows = re.findall(r"^  (?:guest \d+ +\S+|the \d+ +other guests) +(\d+) +\d+$", text, re.MULTILINE)
        assert len(rows) == 11 and sum(map(int, rows)) == by_reason > 0, text


def test_lists_are_bounded(console):
    machine = console("mode=interactive", [("guest", "guest count=120 mem=8K name=g -- work=idle")])
    machine.prompt()
    text = machine.command("guests")
    assert len(re.findall(r" g\.\d+ ", text)) == 50 and "and 70 more: `guests 51`" in text, text
    text = machine.command("guests 101")
    assert len(re.findall(r" g\.\d+ ", text)) == 20 and "more" not in text, text
    text = machine.command("times 61")
    assert len(re.findall(r" g\.\d+ ", text)) == 50 and "and 10 more: `times 111`" in text, text
    assert "and 100 more guests: " in machine.command("mem")


def test_reboot_says_what_an_emulator_does(monitor):
    monitor.child.send("reboot\r")
    monitor.expect("rebooting; an emulator that was started with -no-reboot ends instead")
    assert monitor.ended() == 0


def test_a_bad_end_points_to_the_console(console):
    machine = console("mode=interactive", [("guest", "guest name=wrong -- work=nothing")])
    machine.prompt()
    machine.expect(r"guest 1 \(wrong\) exited with code 101")
    machine.expect("what it wrote: console 1")
    machine.child.send("\r")
    machine.prompt()  # drawn again behind the lines of the log
    machine.prompt()
    assert "ended: exit code 101; see `console`" in machine.command("guests")
    assert "there is no program nothing" in machine.command("console wrong")


def test_a_killed_guest_points_to_its_console_if_it_wrote(console):
    machine = console("mode=interactive", [("bad_memory", "silent -- do=read at=0")])
    machine.expect("1 guest is running")
    machine.expect(r"guest 1 \(silent\) killed")
    machine.child.send("create silent name=talker -- do=read at=0 say=before\r")
    text, _ = machine.expect(r"guest 2 \(talker\) killed")
    assert "what it wrote" not in text, text
    machine.expect("what it wrote: console 2")
