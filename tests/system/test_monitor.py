# SPDX-License-Identifier: BSD-2-Clause
"""The monitor on the serial console, typed at as a user types."""

import datetime
import json
import re

import pytest

from conftest import until

CAUSES = ("slack", "hardware", "hypervisor", "steal", "paused", "guest")
GUESTS = [("guest", "guest count=3 mem=1M name=web")]
COMMANDS = ("help", "guests", "console", "kill", "pause", "resume", "create", "restart", "weight", "pin", "mode", "top", "times",
            "lateness", "timers", "irqs", "stats", "clock", "cpu", "mem", "log", "bench", "version", "reboot", "poweroff", "trace")


@pytest.fixture
def monitor(console):
    machine = console("mode=interactive", GUESTS)
    machine.prompt()
    return machine


def test_help_names_the_commands(monitor):
    text = monitor.command("help")
    assert re.findall(r"^  (\w+)", text, re.MULTILINE) == list(COMMANDS), text
    assert all(len(line) < 80 for line in text.splitlines()), text
    for name in COMMANDS:
        text = monitor.command(f"help {name}")
        assert text.startswith(name) and all(len(line) < 80 for line in text.splitlines()), text


def test_unknown_command(monitor):
    text = monitor.command("frobnicate")
    assert "frobnicate" in text and "help" in text, text


def states(text):
    """{guest's name: rest of its line} from the `guests` table."""
    return {name: rest for name, rest in re.findall(r"^\s*\d+ (web\.\d+)\s+(.*)$", text, re.MULTILINE)}


def test_guests_are_listed_and_killed(monitor):
    before = states(monitor.command("guests"))
    assert len(before) == 3
    assert not any("killed" in rest for rest in before.values())
    monitor.command("kill 1")
    after = states(monitor.command("guests"))
    # The others did not notice.
    assert sum("killed" in rest for rest in after.values()) == 1 and len(after) == 3, after


def test_pause_and_resume(monitor):
    monitor.command("pause 2")
    paused = states(monitor.command("guests"))
    assert [name for name, rest in paused.items() if rest.endswith("paused")] == ["web.1"], paused
    assert "paused already" in monitor.command("pause 2")

    def shares():
        times = states(monitor.command("times"))["web.1"]
        return [float(share) for share in re.findall(r"([\d.]+) %", times)]

    # Four shares of the time it has lived, and how often it was paused.
    until(lambda: shares()[3] > 0, "a pause of a ten-thousandth of its life")
    monitor.command("resume 2")
    assert not any("paused" in rest for rest in states(monitor.command("guests")).values())
    assert "not paused" in monitor.command("resume 2")
    assert len(shares()) == 4 and abs(sum(shares()) - 100) < 0.05
    times = states(monitor.command("times"))
    assert [rest.split()[-1] for rest in times.values()] == ["0", "1", "0"], times


def test_times_add_up_to_the_tick(monitor):
    monitor.command("pause 1")
    monitor.command("kill 2")
    for _ in range(5):
        assert "of 3 guests, the four add up to the time lived, to the tick, in 3" in monitor.command("times")


def test_lateness_by_cause(monitor):
    """The causes' sums make up the whole lateness, to the nanosecond, of each guest and of all together."""
    sums = []
    for guest in (1, 2, 3):
        monitor.command(f"pause {guest}")  # nothing more is counted
    for guest in (1, 2, 3):
        text = monitor.command(f"lateness {guest}")
        report = json.loads(re.search(r"^@json lateness (.*)$", text, re.MULTILINE).group(1))
        causes = [report["causes"][name] for name in CAUSES]
        assert report["guest"] == guest
        assert sum(cause["sum"] for cause in causes) == report["total"]["sum"], text
        for part in causes + [report["total"]]:
            assert 0 <= part["min"] <= part["median"] <= part["p99"] <= part["max"] <= part["sum"], text
        sums.append((report["events"], report["total"]["sum"]))
    text = monitor.command("lateness")
    assert int(re.search(r"all guests: (\d+)", text).group(1)) == sum(events for events, _ in sums)
    rows = {name: int(row.split()[-1]) for name, row in re.findall(r"^  (\w[\w ]*?) {2,}(\d.*)$", text, re.MULTILINE)}
    assert set(rows) == set(CAUSES) | {"in all"}, text
    assert sum(rows[name] for name in CAUSES) == rows["in all"] == sum(total for _, total in sums)


def rows(text):
    """{what: how many} of a report's lines that end in a number, without the blanks in front."""
    return {name: int(count) for name, count in re.findall(r"^ *(\S.*?)  +(\d+)$", text, re.MULTILINE)}


def test_every_interrupt_has_a_name(monitor):
    """The hardware interrupts are the sum of their names, the timer's are the sum of theirs, and the guests' of the guests."""
    monitor.command("kill 2")
    until(lambda: rows(monitor.command("irqs"))["timer"] >= 5, "some events")
    text = monitor.command("irqs")
    irqs = rows(text)
    assert "timer" in irqs, text
    reasons = [count for name, count in irqs.items() if re.match("for |stale|early|range", name)]
    assert irqs["timer"] == sum(reasons) > 0, text
    top, _, guests = text.partition("guests' timer interrupts")
    others = [count for name, count in rows(top).items()
              if not re.match("timer|for |stale|early|range|all hardware", name)]
    assert irqs["all hardware interrupts"] == irqs["timer"] + sum(others), text
    by_guest = re.findall(r"^  (\S.*?)  +(\d+) +(\d+)$", guests, re.MULTILINE)
    assert len(by_guest) == 4 and by_guest[-1] == ("guests that are gone", "0", "0"), text
    assert sum(int(count) for _, count, _ in by_guest) == sum(count for name, count in irqs.items() if name.startswith("for guest")), text
    assert irqs["serial line"] > 0, text


def test_wakeups_saved_by_slack_have_an_owner(console):
    machine = console("mode=interactive",
                      [("guest", "guest count=3 mem=128K name=lazy -- work=pulse period=20ms slack=10ms")])
    machine.prompt()

    def saved_by_guests():
        text = machine.command("irqs").partition("guests' timer interrupts")[2]
        saved = [int(count) for count in re.findall(r"^  guest \d+ +lazy\.\d +\d+ +(\d+)$", text, re.MULTILINE)]
        assert len(saved) == 3, text
        return sum(saved)

    saved = until(saved_by_guests, "two windows that meet")
    in_all = int(re.search(r", (\d+) wake-ups saved by slack$", machine.command("timers"), re.MULTILINE).group(1))
    assert saved <= in_all


def test_timers_are_in_order(monitor):
    def all_armed():
        text = monitor.command("timers")
        rows = re.findall(r"^  ([+-][\d.]+)  at ([\d.]+)  slack ([\d.]+)  (?:lane|level \d+/\d+) +guest event, guest (\d)$", text,
                          re.MULTILINE)
        left, at = [float(row[0]) for row in rows], [float(row[1]) for row in rows]
        assert left == sorted(left) and at == sorted(at), text
        # All rows were written at the same moment of the machine's clock.
        assert len({round(deadline - rest, 9) for rest, deadline in zip(left, at)}) <= 1, text
        return len(rows) == 3 and {row[3] for row in rows} == {"1", "2", "3"}

    # Between two looks one of them may come, and be armed again later.
    until(all_armed, "the events of all guests")
    until(lambda: re.fullmatch(r"(?s)[^\n]*\n(?:[^\n]* guest event[^\n]*\n){2}  and 1 more\n.*", monitor.command("timers 2")),
          "two of three timers")


def test_an_operators_kill_shows_no_registers(monitor):
    monitor.command("kill 1")
    text = monitor.command("log")
    assert "ended by the operator" in text and "rip 0x" not in text, text


@pytest.mark.parametrize("command", ["pause", "pause 99", "resume x", "times 1", "kill", "kill 99", "kill x", "console", "console 99", "kill -1",
                                     "kill 18446744073709551616"])
def test_bad_arguments_are_answered(monitor, command):
    assert monitor.command(command).strip(), f"`{command}` got no answer"
    assert "web" in monitor.command("guests")


@pytest.mark.parametrize("command", ["stats", "timers", "irqs"])
def test_reports(monitor, command):
    assert re.search(r"\d", monitor.command(command))


def test_memory_shows_what_a_guest_takes(monitor):
    def own():
        pages = re.findall(r"^  guest \d+ \(web\.\d\): (\d+) pages of its own$", monitor.command("mem"), re.MULTILINE)
        return [int(number) for number in pages]

    text = monitor.command("mem")
    assert re.search(r"^  image at 0x[0-9a-f]+: \d+ pages, for all of its 3 guests$", text, re.MULTILINE), text
    # 256 pages are its mem=1M; structures, page tables and data of the image come with few more.
    assert len(own()) == 3 and all(256 < pages <= 256 + 16 for pages in own()), text
    monitor.command("kill 1")
    # What tells of its end: the guest, its vCPU, its console.
    # The rest goes back in small steps, which the next command may come between.
    assert any(own()[0] == 3 for _ in range(100)) and len(own()) == 3


def test_empty_and_overlong_lines(monitor):
    monitor.command("")
    monitor.child.send("x" * 2000 + "\r")
    monitor.prompt()
    assert "web" in monitor.command("guests")


def test_shares_sum_up(monitor):
    for column in (0, 1):
        rows = re.findall(r"^CPU time.*?([\d.]+) % +([\d.]+) %$", monitor.command("stats"), re.MULTILINE)
        assert len(rows) == 3
        assert abs(sum(float(row[column]) for row in rows) - 100) < 0.05, rows


def test_console_shows_what_the_guest_wrote(monitor):
    monitor.child.send("console 2\r")
    text, _ = monitor.expect(r"work=demo[^\r\n]*")
    assert "guest 2" in text and "Ctrl-]" in text
    monitor.child.send("guests\r")  # goes nowhere while the guest is followed
    monitor.child.send("\x1d")
    assert "timer irqs" not in monitor.prompt()
    assert "web" in monitor.command("guests")


def test_log_and_version(monitor, build):
    assert "guests are running" in monitor.command("log")
    commit = re.search(r'= "([0-9a-f]{12}(-dirty)?|unknown)";$', (build / "commit.c").read_text(encoding="ascii"),
                       re.MULTILINE).group(1)
    text = monitor.command("version")
    assert "mode=interactive" in text and "GRUB" in text and f"Lull, commit {commit}," in text, text


def test_clock_shows_the_hosts_date(monitor):
    text = monitor.command("clock")
    shown = re.search(r"wall clock: (\d+-\d\d-\d\d \d\d:\d\d:\d\d) UTC", text)
    assert shown, text
    date = datetime.datetime.fromisoformat(shown.group(1) + "+00:00")
    # Its clock was read from the host's at boot; a day is far more than any emulator's delay.
    assert abs(date - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(days=1)


def test_a_paste_is_harmless(monitor):
    monitor.child.send("help\r" * 3 + "z" * 4096 + "\x15" + "guests\r")
    for _ in range(3):
        assert "poweroff" in monitor.prompt()
    assert "web" in monitor.prompt()


def test_poweroff(monitor):
    monitor.child.send("poweroff\r")
    assert monitor.ended() == 0
