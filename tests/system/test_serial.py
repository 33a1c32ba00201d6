# SPDX-License-Identifier: BSD-2-Clause
"""A serial line whose other end does not read: nothing waits for it, and what is lost is said in its place."""

import time

import pytest

# Each prints some 900 bytes; the line's own buffers and the hypervisor's ring of 64 KiB hold less than all of them.
COMMANDS = 400


def test_a_line_that_nobody_reads(console):
    machine = console("mode=interactive")
    machine.prompt()
    for pause_s in (2, 10, 60):  # until most is answered
        machine.child.send("help\r" * COMMANDS)
        time.sleep(pause_s)
        machine.child.send("clock\r")
        if machine.child.expect([rb"\[serial line too slow: (\d+) bytes lost\]", "clock source"]) == 0:
            break
    else:
        pytest.fail("all has come")
    assert int(machine.child.match.group(1)) > 0
    # The machine has gone on, and the line is in order again.
    machine.child.send("version\r")
    machine.expect(rb"guest ABI version \d+")
    machine.prompt()
    assert "poweroff" in machine.command("help")
