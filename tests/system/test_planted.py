# SPDX-License-Identifier: BSD-2-Clause
"""Bugs of memory, planted from outside in a hypervisor that runs, and what finds each of them.

A plant is machine code at the beginning of a function that the hypervisor is about to call, a register, or a changed byte of RAM.
"""

import re

import pytest

from conftest import until
from debugger import HANG, Debugger
from page_tables import Machine

SERVED = "vtimer_block"  # who waits is served by it, on the CPU of the guest
KINDS = ("main", "debug", "double fault", "NMI", "machine check")  # enum stacks_kind
SIZES = dict.fromkeys(KINDS, 8192) | {"main": 16384}
PAINT = 0x7374616b7061696e  # STACKS_PAINT
DIRECT_MAP = 0xffff800000000000
CHUNK = 1024  # QEMU's gdb server answers with no more than 2 KiB


@pytest.fixture
def planted(console, build, tmp_path):
    """Returns run(boot line, modules, image=..., **machine): (console, debugger) of a machine at its prompt."""
    debuggers = []

    def run(boot_line, modules=(), image=build / "lull.elf", **more):
        monitor = console(boot_line, modules, gdb=tmp_path / "gdb", **more)
        debugger = Debugger(tmp_path / "gdb", image)
        debuggers.append(debugger)
        debugger.go()
        monitor.prompt()
        return monitor, debugger

    yield run
    for debugger in debuggers:
        debugger.close()


def top(debugger, cpu, kind):
    """The address behind a stack."""
    return debugger.read_word(debugger.address("cpu_stacks") + 8 * (len(KINDS) * cpu + KINDS.index(kind)))


def used(debugger, cpu, kind):
    """What of a stack is not painted any more, of a machine that is stopped."""
    size = SIZES[kind]
    start = top(debugger, cpu, kind) - size
    stack = b"".join(debugger.read(at, CHUNK) for at in range(start, start + size, CHUNK))
    painted = PAINT.to_bytes(8, "little")
    bottom = next((at for at in range(0, size, 8) if stack[at:at + 8] != painted), size)
    return size - bottom


def constant(register, value):
    """mov register, value; 0 = rax, 4 = rsp"""
    return bytes((0x48, 0xb8 + register)) + value.to_bytes(8, "little")


@pytest.mark.parametrize("cpu, kind", [*((0, kind) for kind in KINDS), (1, "main"), (1, "NMI")])
def test_a_full_stack_is_named(planted, cpu, kind):
    """A guard page lies below each. The main stack is filled from where it is; the others from near their ends."""
    monitor, debugger = planted("mode=interactive exit=debug", [("guest", f"guest cpu={cpu}")], smp=2)
    push_for_ever = b"\x50\xeb\xfd"  # push rax; jump back to it
    debugger.stop()
    start = b"" if kind == "main" else constant(4, top(debugger, cpu, kind) - SIZES[kind] + 64)
    debugger.write(SERVED, start + push_for_ever)
    debugger.go()
    monitor.expect(rf"panic: stack overflow: the {kind} stack of CPU {cpu}, of {SIZES[kind]} bytes, is full[\r\n]")
    assert monitor.ended() == 35


def test_a_panic_needs_little_stack(planted, tmp_path):
    """What the self-test does not reach: the stacks of NMI and double fault, with the whole report on them."""
    monitor, debugger = planted("mode=interactive panic=halt trace=all", [("guest", "guest cpu=1")], smp=2,
                                qmp=tmp_path / "qmp")
    Machine(tmp_path / "qmp").ask("inject-nmi")
    monitor.expect("the machine is halted")
    debugger.stop()
    depths = {cpu: used(debugger, cpu, "NMI") for cpu in (0, 1)}
    assert all(0 < depth <= SIZES["NMI"] // 2 for depth in depths.values()), depths


def test_a_double_fault_needs_little_stack(planted):
    monitor, debugger = planted("mode=interactive panic=halt trace=all", [("guest", "guest")])
    debugger.spoil(SERVED, code=b"\x50\xeb\xfd")
    monitor.expect("the machine is halted")
    debugger.stop()
    assert 0 < used(debugger, 0, "double fault") <= SIZES["double fault"] // 2
    assert used(debugger, 0, "main") == SIZES["main"]


def freed(monitor, debugger):
    """The physical address of the page that has been free for longest; more are free than wait at least."""
    for name in ("first", "second"):
        assert "was made" in monitor.command(f"create guest name={name} mem=3M -- work=idle")
        monitor.command(f"kill {name}")
        until(lambda name=name: re.search(rf"\({name}\): [1-9]\d? pages", monitor.command("mem")), "its memory, given back")
    debugger.stop()
    return debugger.read_word("free_first")


READ, WRITE = b"\x8a\x00", b"\x88\x00"  # al, at rax
RED = "a red page is touched, beside one that may be in use"


@pytest.mark.parametrize("code, where, what", [
    (READ, 0, "a page that is free is used"), (WRITE, -8, RED), (READ, 4096, RED)],
                         ids=["free", "below", "above"])
def test_wild_accesses_are_named(planted, code, where, what):
    monitor, debugger = planted("mode=interactive exit=debug debug=pages", [("guest", "guest -- work=idle")],
                                memory="64M")
    page = freed(monitor, debugger)
    debugger.write("report_stacks", constant(0, DIRECT_MAP + page + where) + code + HANG)
    debugger.go()
    monitor.child.send("mem\r")
    monitor.expect(rf"panic: exception 14 in the hypervisor, error code 0x\d: {what}[\r\n]")
    assert monitor.ended() == 35


def test_a_write_to_a_free_page_is_found(planted):
    """By another mapping than the hypervisor's own: here by none at all."""
    monitor, debugger = planted("mode=interactive exit=debug debug=pages", [("guest", "guest -- work=idle")],
                                memory="64M")
    page = freed(monitor, debugger)
    assert debugger.ask("Qqemu.PhyMemMode:1") == "OK"
    debugger.write(page + 0x123, b"\x55")
    debugger.go()
    monitor.child.send("create guest name=third mem=1M -- work=idle\r")
    monitor.expect(rf"panic: page 0x{page:x} was written to after it was freed: at offset 0x120 there is 0x[0-9a-f]{{16}}[\r\n]")
    assert monitor.ended() == 35
