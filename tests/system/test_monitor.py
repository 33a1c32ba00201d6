# SPDX-License-Identifier: BSD-2-Clause
"""The monitor on the serial console, typed at as a user types."""

import re

import pytest

GUESTS = [("guest", "guest count=3 mem=1M name=web")]
COMMANDS = ("help", "guests", "stats", "timers", "irqs", "console", "kill", "poweroff")


@pytest.fixture
def monitor(console):
    machine = console("mode=interactive", GUESTS)
    machine.prompt(timeout_s=120)
    return machine


def test_help_names_the_commands(monitor):
    text = monitor.command("help")
    for name in COMMANDS:
        assert re.search(rf"^\s*{name}\b", text, re.MULTILINE), text


def test_unknown_command(monitor):
    text = monitor.command("frobnicate")
    assert "frobnicate" in text and "help" in text, text


def test_guests_are_listed_and_killed(monitor):
    assert len(re.findall(r"\bweb\S*", monitor.command("guests"))) == 3
    monitor.command("kill 1")
    text = monitor.command("guests")
    line = next(line for line in text.splitlines() if re.match(r"\s*1\b", line))
    assert re.search(r"killed|dead|ended", line), text
    # The others did not notice.
    others = [line for line in text.splitlines() if re.match(r"\s*[23]\b", line)]
    assert len(others) == 2 and not any(re.search(r"killed|dead|ended", line) for line in others), text


@pytest.mark.parametrize("command", ["kill", "kill 99", "kill x", "console", "console 99", "kill -1",
                                     "kill 18446744073709551616"])
def test_bad_arguments_are_answered(monitor, command):
    assert monitor.command(command).strip(), f"`{command}` got no answer"
    assert "web" in monitor.command("guests")


@pytest.mark.parametrize("command", ["stats", "timers", "irqs"])
def test_reports(monitor, command):
    assert re.search(r"\d", monitor.command(command))


def test_empty_and_overlong_lines(monitor):
    monitor.command("")
    monitor.child.send("x" * 2000 + "\r")
    monitor.prompt()
    assert "web" in monitor.command("guests")


def test_poweroff(monitor):
    monitor.child.send("poweroff\r")
    assert monitor.ended() == 0
