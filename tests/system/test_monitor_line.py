# SPDX-License-Identifier: BSD-2-Clause
"""Typing at the monitor over the real serial line: editing, history, Tab, terminals of any width, pastes."""

import re

import pytest

GUESTS = [("guest", "guest count=3 mem=1M name=web")]
LEFT, UP, DOWN, HOME, END, DELETE = "\x1b[D", "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[3~"


@pytest.fixture
def monitor(console):
    machine = console("mode=interactive", GUESTS)
    machine.prompt()
    return machine


@pytest.mark.parametrize("keys", [
    pytest.param("hlp vrsion" + LEFT * 5 + "e" + HOME + "\x06e" + END, id="insert"),
    pytest.param("xhelp versionx\b" + HOME + DELETE, id="delete"),
    pytest.param("kill help version\x01\x1b[1;5C\x15", id="to-the-start"),
    pytest.param("help version 1 2" + "\x02" * 4 + "\x0b", id="to-the-end"),
    pytest.param("help versions all\x17\x17version", id="words"),
])
def test_editing(monitor, keys):
    assert monitor.command(keys).startswith("version: what this is")


def test_history(monitor):
    monitor.command("help version")
    monitor.command("help log")
    assert monitor.command(UP + UP).startswith("version:")
    assert monitor.command("\x10\x10").startswith("log:")
    assert monitor.command(UP * 40 + DOWN).startswith("log:")
    assert monitor.command("kil" + UP + DOWN + "l").startswith("expected: kill")


@pytest.mark.parametrize("keys, answer", [
    pytest.param("he\tvers\t", "version: what this is", id="commands"),
    pytest.param("help pa\t", "pause GUEST...|all: ", id="a-command-behind-help"),
    pytest.param("kill al\t", "3 guests killed", id="all"),
    pytest.param("weight we\t1 x", "`x`: expected a weight", id="names"),
    pytest.param("weight 2\tx", "`x`: expected a weight", id="numbers"),
    pytest.param("pin 1 an\tx", "`x`: one word too many", id="cpus"),
    pytest.param("mode 1 hz=2\tx", "`x`: one word too many", id="modes"),
    pytest.param("trace on ma\tx", "`x`: expected all", id="classes-of-the-trace"),
    pytest.param("create gu\tcou\tx", "guest: `count=x`: expected a number", id="images-and-options"),
])
def test_tab_completes(monitor, keys, answer):
    assert answer in monitor.command(keys)


def test_tab_lists_what_fits(monitor):
    monitor.child.send("re\t")
    text, _ = monitor.expect(r"resume  restart  reboot\r+\n")
    monitor.child.send("\t\tst\t3\r")  # more of them change nothing
    monitor.prompt()
    text = monitor.prompt()
    assert "resume" not in text and "guest 4 (web.2) is the guest that was 3" in text, text
    monitor.child.send("console web.\t")
    monitor.expect(r"web\.0  web\.1  web\.2\r+\n")


def test_tab_where_nothing_fits(monitor):
    assert "there is no such command" in monitor.command("xyz\t\t")
    assert "web.0" in monitor.command("\x15guests\t")


@pytest.mark.parametrize("columns", [20, 40, 80, 132])
def test_a_line_stays_in_its_row(monitor, columns):
    """However narrow the terminal, nothing is written into its last column: rows never wrap."""
    monitor.child.send(f"\x1b[24;{columns}R")
    monitor.child.send("x" * 200 + HOME + "y" * 20 + "\r")
    monitor.expect(r"\r+\n")
    column, widest = 6, 6
    for sequence, count, final, character in re.findall(r"(\x1b\[(\d*)([CDK]))|(.|\r)", monitor.child.before.decode()):
        if character == "\r":
            column = 0
        elif character:
            column += 1
            widest = max(widest, column)
        elif final == "C":
            column += int(count)
        elif final == "D":
            column -= int(count)
        assert 0 <= column <= columns - 1
    assert widest == columns - 1
    assert "there is no such command" in monitor.prompt()


def test_the_terminal_is_asked_for_its_width(console):
    machine = console("mode=interactive", GUESTS)
    machine.expect(r"\x1b\[999C\x1b\[6n\rlull> ")
    machine.child.send("\x0c")
    machine.expect(r"\x1b\[2J\x1b\[H\x1b\[999C\x1b\[6n\rlull> ")


def test_a_long_paste_is_harmless(monitor):
    for paste in ("z" * 4096, "kill 1 " * 600, "\t" * 300 + "q" * 3800, "\x1b[" + "1;" * 2000 + "A", "\x1b" * 4096):
        monitor.child.send(paste + "\x15\x03")
        monitor.expect(r"\^C\r+\n")
        monitor.prompt()
    text = monitor.command("guests")
    assert len(re.findall(r"web\.\d", text)) == 3 and "killed" not in text, text


def test_too_long_a_line_does_nothing(monitor):
    text = monitor.command("kill 1" + " " * 300)
    assert "the line has more than 255 characters; nothing was done" in text
    assert "killed" not in monitor.command("guests")
