# SPDX-License-Identifier: BSD-2-Clause
"""The guest's shell, typed at through the monitor over the real serial line: every command, programs in the foreground
and in the background, editing, pastes, and what is wrong."""

import re

import pexpect
import pytest

from bochs import clean
from conftest import LOOKS, until

SHELL = ("guest", "guest name=box mem=256K -- shell")
PROMPT = r"[\r\n]\$ "
CTRL_A, CTRL_C, CTRL_E, CTRL_K, CTRL_L, CTRL_U, CTRL_W = (chr(ord(letter) - 64) for letter in "ACEKLUW")
UP, LEFT = "\x1b[A", "\x1b[D"
COMMANDS = "date echo exit help jobs kill ps ticks time timers top uptime".split()
PROGRAMS_WITH_OPTIONS = "clockwatch cyclictest jitter pingpong stress ticker".split()
SECONDS = r"(\d+)\.(\d{9}) s"


class Shell:
    """A guest's shell, shown by the monitor."""

    def __init__(self, machine, guest):
        self.machine = machine
        machine.prompt()
        machine.child.send(f"console {guest}\r")
        self.prompt()
        self.send("echo ready\r")  # what was on the screen before is done with when this is
        self.expect(r"[\r\n]ready[\r\n]+\$ ")

    def send(self, text):
        self.machine.child.send(text)

    def expect(self, pattern):
        return self.machine.expect(pattern)

    def prompt(self):
        """What came before the next prompt."""
        return self.expect(PROMPT)[0]

    def answer(self, text):
        """What a line is answered with, without its echo."""
        self.send(text + "\r")
        return self.prompt().partition("\n")[2].strip("\n")

    def settle(self):
        """Waits until all of a paste is done with; returns what was written meanwhile. Of what comes faster than the guest reads,
        some is lost, the end of its last line perhaps too, and of what is typed here."""
        for number in range(LOOKS):
            self.send(f"\recho settled {number}\r")
            if self.machine.child.expect([rf"[\r\n]settled {number}[\r\n]+\$ ", pexpect.TIMEOUT], timeout=5) == 0:
                return clean(self.machine.child.before)
        pytest.fail(f"the shell does not answer:\n{clean(self.machine.child.before)}")

    def leave(self):
        """Back to the monitor's prompt."""
        self.send("\x1d")
        self.machine.prompt()


@pytest.fixture
def shell(console):
    return Shell(console("mode=interactive", [SHELL]), "box")


def ns(seconds, fraction):
    return int(seconds) * 10**9 + int(fraction)


def measured(text):
    """{"real": ns, "CPU": ns, "steal": ns} of the answer to `time`."""
    return {name: ns(*parts) for name, *parts in re.findall(rf"(real|CPU|steal) {SECONDS}", text)}


def test_the_products_menu_has_one(console, entry):
    shell = Shell(console(*entry("interactive")), "shell")
    assert shell.answer("echo here") == "here"
    shell.leave()
    until(lambda: len(re.findall(r"blocked", shell.machine.command("guests"))) == 11, "eleven guests that sleep")


def test_help_and_echo(shell):
    text = shell.answer("help")
    for name in COMMANDS + ["hello", "sleep"]:
        assert re.search(rf"^  {name} .*\w", text, re.MULTILINE), f"{name} is not in\n{text}"
    assert not re.search(r"^  demo", text, re.MULTILINE), text
    assert re.fullmatch(r"  kill JOB +asks one of them to stop", shell.answer("help kill"))
    assert re.fullmatch(r"  sleep \.\.\. +waits: sleep DURATION", shell.answer("help sleep"))
    for name in PROGRAMS_WITH_OPTIONS:
        assert shell.answer(f"help {name}").endswith(f"\n`{name} --help` lists its options"), name
        assert re.match(rf"{name}: .*\n  -\w, --\w", shell.answer(f"{name} --help")), name
    assert shell.answer('echo a  "b  c"') == "a b  c"
    assert shell.answer("echo") == "" and shell.answer("") == "" and shell.answer("   ") == ""


WRONG = [
    ("nonsense", "`nonsense`: expected a command or a program; `help` lists them"),
    ("demo", "`demo`: expected a program that runs; this one is set up by work=demo on the module line"),
    ("date now", "expected: date alone"),
    ("kill", "expected: kill JOB"),
    ("kill 1", "`1`: expected the number of a job; `jobs` lists them"),
    ("kill 9", "`9`: expected the number of a job; `jobs` lists them"),
    ("kill x", "`x`: expected the number of a job; `jobs` lists them"),
    ("help nonsense", "`nonsense`: expected a command or a program; `help` lists them"),
    ("exit now", "`now`: expected an exit code from 0 to 2147483647"),
    ("exit 2147483648", "`2147483648`: expected an exit code from 0 to 2147483647"),
    ("top 1", "`1`: expected an interval from 100ms to 3600s"),
    ("top 99ms", "`99ms`: expected an interval from 100ms to 3600s"),
    ("sleep", "expected: sleep DURATION"),
    ("sleep long", "`long`: expected a duration such as 1500ms or 2"),
    ("time", "expected: time COMMAND..."),
    ("&", "`&`: expected a program before it"),
    ("date &", "`date`: expected a program before `&`; the shell does this itself"),
    ("nonsense &", "`nonsense`: expected a command or a program; `help` lists them"),
    ("echo" + " w" * 24, "25 words: expected at most 24"),
    ("shell", "the shell runs already"),
]


def test_wrong_input(shell):
    """One line says what was expected, and nothing is done."""
    for line, answer in WRONG:
        assert shell.answer(line) == answer, line


def test_clock(shell):
    dates = [shell.answer("date") for _ in range(2)]
    for date in dates:
        assert re.fullmatch(r"(Sun|Mon|Tue|Wed|Thu|Fri|Sat) \d+ [A-Z][a-z]{2} 20\d\d, \d\d:\d\d:\d\d\.\d{9} UTC", date)
    assert dates[0] != dates[1]
    text = shell.answer("uptime")
    lived, machine, *parts = [ns(*match) for match in re.findall(SECONDS, text)]
    assert re.match(r"guest 1 \(box\) ", text) and lived < machine, text
    assert len(parts) == 4 and sum(parts) == lived, text


def test_time(shell):
    times = measured(shell.answer("time sleep 200ms"))
    assert times["real"] >= 200_000_000 and 0 < times["CPU"] <= times["real"] - 200_000_000, times
    text = shell.answer("time time hello you")
    inner, outer = (measured(line) for line in text.splitlines()[-2:])
    assert "hello, you" in text and 0 < inner["CPU"] <= outer["CPU"], text
    assert 10_000_000 <= inner["real"] <= outer["real"], text
    for times in (inner, outer):
        assert times["CPU"] + times["steal"] <= times["real"], text
    times = measured(shell.answer("time stress -c 2 -t 300ms"))  # threads of its own, which compute all the time
    assert times["CPU"] + times["steal"] >= 250_000_000, times
    assert shell.answer("time nonsense").startswith("`nonsense`: expected")


def test_timers_and_ticks(shell):
    assert shell.answer("timers") == "0 timers armed"
    shell.answer("sleep 2000 &")
    shell.answer("sleep 1000 &")

    def listed():
        rows = shell.answer("timers").splitlines()
        return rows if len(rows) == 3 else None

    first, second, last = until(listed, "two timers, when the threads have had their first turns")
    assert re.fullmatch(r"  \+9\d\d\.\d{9} s  at \d+\.\d{9}  slack 0\.000000000  thread sleep", first), first
    assert first.startswith("  +9") and second.startswith("  +19") and last == "2 timers armed"

    shell.answer("ticks")
    shell.answer("sleep 300ms")
    text = shell.answer("ticks")
    assert re.search(r": 1 timer events \([\d.]+ a second\), 0 missed; tickless$", text, re.MULTILINE), text
    assert "timers: 1 armed, 0 cancelled, 1 expired; traps: " in text
    text = shell.answer("ticks")
    assert ": 0 timer events (0.0 a second), 0 missed" in text and "timers: 0 armed" in text, text


def test_a_guest_that_ticks(console):
    """In virtual time: while an emulator stands still there are no ticks, and the clock goes on."""
    shell = Shell(console("mode=interactive", [("guest", "guest name=box mem=256K -- hz=100 shell")], icount=True), "box")
    shell.answer("ticks")
    shell.answer("sleep 500ms")
    match = re.search(r"in (\d+)\.(\d{9}) s: (\d+) timer events \((\d+)\.\d a second\), (\d+) missed; ticking",
                      shell.answer("ticks"))
    assert match and abs(int(match[3]) + int(match[5]) - ns(match[1], match[2]) // 10**7) <= 1, match
    assert shell.answer("timers").startswith("this guest ticks")


def test_ps(shell):
    shell.answer("sleep 1000 &")

    def listed():
        rows = [line.split() for line in shell.answer("ps").splitlines()]
        assert rows[0][:4] == ["thread", "state", "priority", "CPU"]
        return {row[0]: row[1:] for row in rows[1:]}

    until(lambda: listed()["sleep"][0] == "blocked", "its first turn, when the shell waits for a key")
    threads = listed()
    assert list(threads) == ["idle", "shell", "sleep"]
    assert [threads[name][0] for name in threads] == ["ready", "running", "blocked"]
    assert [threads[name][1] for name in threads] == ["0", "7", "4"]
    assert 500 < int(threads["shell"][4]) < int(threads["shell"][6]) == 8192, threads
    assert all(float(row[2]) > 0 for row in threads.values())


def test_top(shell):
    shell.send("top 200ms\r")

    def drawn():
        _, match = shell.expect(r"2 threads, steal [\d.]+ %[\r\n]+thread[^\n]*\n"
                                r"(?P<rows>(\w+ +\w+ +\d +[\d.]+[\r\n]+){2})")
        rows = match["rows"].decode().splitlines()
        shares = [float(row.split()[-1]) for row in rows if row]
        assert shares == sorted(shares, reverse=True), rows
        return 0 < sum(shares) <= 100.02  # not where the emulator has stood still for long, or in the midst of a look

    for _ in range(3):
        until(drawn, "shares of some CPU time and at most all")
    shell.send("x")
    shell.expect(r"\$ ")
    assert shell.answer("echo it ended") == "it ended"
    assert shell.answer("timers") == "0 timers armed"


def test_ctrl_c(shell):
    shell.send("sleep 1000\r")
    shell.expect(r"sleep 1000[\r\n]+")
    shell.send("echo lost\r" + CTRL_C)
    assert shell.prompt().split() == "^C sleep: exit status 1".split()
    assert shell.answer("timers") == "0 timers armed"
    shell.send("echo half" + CTRL_C)
    shell.prompt()
    assert shell.answer("echo whole") == "whole"


ENDLESS = ["cyclictest -q -l 100000000", "clockwatch -t 1000", "jitter -t 1000", "stress -c 3 -t 1000", "ticker"]


def test_ctrl_c_ends_every_program(shell):
    """Those that compute and those that have threads of their own; nothing of them is left."""
    for program in ENDLESS:
        shell.send(program + "\r")
        shell.expect(r"\n")
        shell.send(CTRL_C)
        shell.expect(r"\^C[\r\n]+")
        shell.expect(r"\$ ")
        rows = shell.answer("ps").splitlines()
        assert [row.split()[0] for row in rows] == ["thread", "idle", "shell"], rows
    assert shell.answer("timers") == "0 timers armed"


def test_typed_ahead(shell):
    shell.send("sleep 300ms\recho first\recho second\r")
    shell.prompt()
    assert shell.prompt().endswith("\nfirst")
    assert shell.prompt().endswith("\nsecond")


def test_two_ctrl_c_at_once(console):
    """In virtual time: a program that does stop is not said to go on, however the host delays it."""
    shell = Shell(console("mode=interactive", [SHELL], icount=True), "box")
    for number in range(3):
        shell.send("stress -c 1 -t 1000\r")
        shell.expect(r"stress -c 1 -t 1000[\r\n]+")
        shell.send(CTRL_C * 2)
        shell.expect(r"\^C[\r\n]+")
        shell.send(f"echo it is {number}\r")
        text, _ = shell.expect(rf"[\r\n]it is {number}[\r\n]+\$ ")
        assert "stress: " in text and "does not stop" not in text, text
    assert shell.answer("jobs") == ""


def test_pingpong_alone(shell):
    """Rings that came before are nobody's answer, and a guest that is not there is not one that is silent."""
    nobody = "pingpong: there is no guest 4, or it has ended\npingpong: exit status 1"
    assert shell.answer("pingpong -m -p 4") == nobody
    shell.answer("stress -d 1 -t 100ms")
    shell.send("pingpong -a -p 4\r")
    shell.expect(r"-p 4[\r\n]+")
    shell.send(CTRL_C)
    text = shell.prompt()
    assert "pingpong: answered 0 rings of guest 4" in text, text
    shell.answer("stress -d 1 -t 1000 &")
    assert shell.answer("pingpong -a -p 4") == nobody


def test_a_program_that_does_not_stop(shell):
    shell.send("hello" + " x" * 22 + "\r" + CTRL_C * 2)
    text = shell.prompt()
    assert "hello does not stop; it goes on in the background" in text and "[1] hello x" in text, text
    shell.expect(r"\[1\] exit status 0: hello x")


def test_jobs(shell):
    assert shell.answer("jobs") == ""
    for i in range(1, 9):
        assert shell.answer(f"sleep {1000 + i} &") == f"[{i}] sleep {1000 + i} &"
    assert shell.answer("sleep 9 &") == "8 jobs: expected fewer; `kill` ends one"
    assert shell.answer("jobs").splitlines() == [f"[{i}] runs: sleep {1000 + i} &" for i in range(1, 9)]
    shell.send("kill 3\r")
    shell.expect(r"\[3\] exit status 1: sleep 1003 &[\r\n]+\$ ")
    shell.send("kill %8\r")
    shell.expect(r"\[8\] exit status 1: sleep 1008 &[\r\n]+\$ ")
    assert [line[:3] for line in shell.answer("jobs").splitlines()] == [f"[{i}]" for i in (1, 2, 4, 5, 6, 7)]
    assert shell.answer("sleep 500ms &") == "[3] sleep 500ms &"
    shell.send("echo " + "on")
    shell.expect(r"\[3\] exit status 0: sleep 500ms &[\r\n]+\$ echo on")
    shell.send("e\r")
    assert shell.prompt().endswith("\none")


def test_memory_comes_back(console):
    """Each program needs 9 KiB; forty of them need no more than one. When there is none left, a program is refused."""
    shell = Shell(console("mode=interactive", [("guest", "guest name=box mem=96K -- shell")]), "box")
    for i in range(40):
        assert f"hello, {i}" in shell.answer(f"hello {i}")
    jobs = 0
    while shell.answer("sleep 1000 &").startswith("["):
        jobs += 1
    assert 1 <= jobs < 8
    assert shell.answer("sleep 1") == "`sleep`: out of memory; end some jobs, or give the guest more with mem="


def test_keys(shell):
    assert shell.answer("cho one" + CTRL_A + "e" + CTRL_E + " two") == "one two"
    assert shell.answer(UP) == "one two"
    assert shell.answer("echo three") == "three"
    assert shell.answer(UP + UP + CTRL_W + "four") == "one four"
    assert shell.answer("nonsense" + CTRL_U + "echo five") == "five"
    assert shell.answer("echo six seven" + LEFT * 6 + CTRL_K) == "six"
    shell.send("echo e")
    shell.expect(r"echo e")
    shell.send(CTRL_L)
    shell.expect(r"[\r\n]\$ echo e")
    shell.send("ight\r")
    assert shell.prompt().endswith("\neight")


def test_completion(shell):
    assert shell.answer("ec\tnine") == "nine"
    assert shell.answer("upt\t").startswith("guest 1 (box)")
    assert "hello, you" in shell.answer("hell\tyou")
    assert "real " in shell.answer("time ec\tten")
    assert shell.answer("help ki\t").startswith("  kill JOB")
    shell.send("ti\t")
    shell.expect(r"ti[\r\n]+ticks +time +timers +ticker +[\r\n]+\$ ti")
    shell.send("m\t\t")
    shell.expect(r"me[\r\n]+time +timers +[\r\n]+\$ time")
    shell.send("rs\r")
    assert shell.prompt().endswith("0 timers armed")
    assert shell.answer("nons\tense").startswith("`nonsense`")
    assert shell.answer("echo ec\t") == "ec"
    assert shell.answer("dem\t").startswith("`dem`")


def test_paste(shell):
    """Of 4 KB in a line, and in many lines, nothing is done wrongly, and the shell goes on."""
    shell.send("echo " + "x" * 4091)
    assert "the line is too long: expected at most 158 characters" in shell.settle()
    assert shell.answer("echo " + "y" * 153) == "y" * 153
    assert shell.answer("echo " + "y" * 154).startswith("the line is too long")
    shell.send(bytes(range(1, 256)).replace(b"\x1d", b"") * 17)
    shell.send(CTRL_C * 2)
    shell.settle()
    shell.leave()
    assert re.search(r"box .*(blocked|running|runnable)", shell.machine.command("guests"))


@pytest.mark.parametrize("line, code", [("exit", 0), ("exit 7", 7)])
def test_exit(shell, line, code):
    shell.answer("sleep 1000 &")
    shell.send(line + "\r")
    shell.expect(rf"guest 1 \(box\) exited with code {code}\D")
    shell.leave()
    assert re.search(rf"box .*exit.*\b{code}\b", shell.machine.command("guests"))
