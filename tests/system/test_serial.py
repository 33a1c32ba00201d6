# SPDX-License-Identifier: BSD-2-Clause
"""A serial line whose other end does not read: nothing waits for it, and what is lost is said in its place."""

import time

# Each prints some 900 bytes; the line's own buffers and the hypervisor's ring of 64 KiB hold less than all of them.
COMMANDS = 400


def test_a_line_that_nobody_reads(console):
    machine = console("mode=interactive")
    machine.prompt()
    for _ in range(COMMANDS):
        machine.child.send("help\r")
        time.sleep(0.02)  # typed faster than the machine reads, input would be lost instead
    _, match = machine.expect(rb"\[serial line too slow: (\d+) bytes lost\]")
    assert int(match.group(1)) > 0
    # The machine has gone on, and the line is in order again.
    machine.child.send("version\r")
    machine.expect(rb"guest ABI version \d+")
    machine.prompt()
    assert "poweroff" in machine.command("help")
