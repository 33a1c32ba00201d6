# SPDX-License-Identifier: BSD-2-Clause
"""A panic says why and where, and is never taken for success."""

import re

from conftest import until

# Idle: once it is blocked, the CPU sleeps in the run loop, whenever the NMI comes.
GUESTS = [("guest", "guest mem=1M -- work=idle")]
MONITOR_KEY = "\x01c"  # Ctrl-A C switches between the serial line and QEMU's monitor


def panic_text(console, boot_line, modules=GUESTS):
    """Boots, injects an NMI, which nothing here expects, and returns (console, text up to the last words)."""
    machine = console(boot_line, modules, serial="mon:stdio")
    machine.prompt()
    until(lambda: "blocked" in machine.command("guests"), "the guest's sleep")
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\)")
    machine.child.send("nmi\n")
    before, match = machine.expect(r"panic: (the machine is halted|leaving the emulator|rebooting)[^\r\n]*")
    return machine, before + match.group(0).decode()


def test_panic_says_why_and_where(console):
    machine, text = panic_text(console, "mode=interactive exit=debug")
    assert re.search(r"^panic: non-maskable interrupt$", text, re.MULTILINE), text
    assert re.search(r"^  rip ffffffff8\w{7}  flg \w{16}  cs  0{14}\w\w", text, re.MULTILINE), text
    names = re.findall(r"^  (?:at  |from) ffffffff8\w{7} (\w+)\+0x", text, re.MULTILINE)
    # The CPU slept in the run loop, which hv_main() ends in.
    assert "vcpu_run" in names and "hv_main" in names, text
    assert names.index("vcpu_run") < names.index("hv_main")
    assert machine.ended() == 35


def test_panic_tells_what_was_traced_last(console):
    machine, text = panic_text(console, "mode=interactive exit=debug trace=all")
    records = re.findall(r"^  trace: (\d+) ticks ago  guest \d+  (\w+) \d+  0x[0-9a-f]+ 0x[0-9a-f]+$", text, re.MULTILINE)
    # The sleep in which the NMI came is not over; or the CPU, kept from running, still served what had woken it.
    assert len(records) == 8 and "woken" in {name for _, name in records}, text
    assert [int(ticks) for ticks, _ in records] == sorted((int(ticks) for ticks, _ in records), reverse=True), text
    assert machine.ended() == 35


def test_panic_halts_by_default(console):
    machine, text = panic_text(console, "mode=interactive")
    assert "the machine is halted" in text
    machine.child.send("q\n")  # it has not ended by itself: QEMU's monitor still answers
    assert machine.ended() == 0


def test_panic_can_reboot(console):
    machine, text = panic_text(console, "mode=interactive exit=debug panic=reboot")
    assert "rebooting" in text
    assert machine.ended() == 0  # -no-reboot makes QEMU leave
