# SPDX-License-Identifier: BSD-2-Clause
"""The guest OS as its user sees it: programs by name, and the last words of one that has found a bug in itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
GUESTS = [
    ("guest", "guest name=greeter -- hello world"),
    ("guest", "guest name=ticking -- hz=100 hello"),
    ("guest", "guest name=wrong -- helo world"),
    ("os_mutex", "os_mutex name=panics -- again=1"),
    ("guest", "guest name=tiny mem=4K -- shell"),
]


@pytest.fixture
def monitor(console):
    """A machine at its prompt whose guests have ended."""
    machine = console("mode=interactive", GUESTS)
    machine.prompt()
    for _ in GUESTS:
        machine.expect(r"guest \d \(\w+\) exited with code \d+[\r\n]")
    return machine


def written(monitor, guest):
    """What a guest has written."""
    monitor.child.send(f"console {guest}\r")
    monitor.expect(r"this is what is kept[\r\n]+")
    return monitor.prompt()


def test_programs_and_panic(monitor, build):
    text = written(monitor, 1)
    assert re.search(r"^hello from guest 1, greeter$", text, re.MULTILINE), text
    assert re.search(r"^hello, world$", text, re.MULTILINE), text
    text = written(monitor, 2)
    assert re.search(r"^hello from guest 2, ticking$", text, re.MULTILINE), text
    text = written(monitor, 3)
    assert re.search(r"^there are .*\bhello\b.*\bdemo\b", text, re.MULTILINE), text
    assert re.search(r"panic: there is no program helo$", text, re.MULTILINE), text

    text = written(monitor, 4)
    assert re.search(r"panic: thread test locks a mutex that it has locked already$", text, re.MULTILINE), text
    calls = re.search(r"^called from (0x[0-9a-f]+ ?)+$", text, re.MULTILINE)
    assert calls, text
    named = subprocess.run([sys.executable, TOOLS / "symbolise", "--elf", build / "guests" / "os_mutex.elf", "--low"],
                           input=calls.group(0), stdout=subprocess.PIPE, text=True, check=True).stdout
    names = re.findall(r"(\w+) at ", named)
    assert names[0].startswith("mutex_lock") and "test_main" in names and names[-1] == "thread_trampoline", named

    text = written(monitor, 5)
    assert re.search(r"panic: shell: out of memory; give the guest more with mem=$", text, re.MULTILINE), text

    guests = monitor.command("guests")
    assert re.search(r"greeter.*exit.*\b0\b", guests) and len(re.findall(r"exit.*\b101\b", guests)) == 3, guests
