# SPDX-License-Identifier: BSD-2-Clause
"""A panic says why and where, and is never taken for success."""

import re
import subprocess
import sys

import pytest

from conftest import TOP, until
from debugger import HANG, Debugger

# Idle: once it is blocked, the CPU sleeps in the run loop, whenever the NMI comes.
GUESTS = [("guest", "guest mem=1M -- work=idle")]
MONITOR_KEY = "\x01c"  # Ctrl-A C switches between the serial line and QEMU's monitor
LAST_WORDS = r"panic: (the machine is halted|leaving the emulator|rebooting)[^\r\n]*\)"


def qemu_monitor(machine, command):
    """Switches to QEMU's monitor and types a command; returns after its echo."""
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\)")
    machine.child.send(command + "\n")


def asleep(console, boot_line, modules=GUESTS, **more):
    """Boots; all guests have gone to sleep."""
    machine = console(boot_line, modules, serial="mon:stdio", **more)
    machine.prompt()
    until(lambda: "blocked" in machine.command("guests"), "the guest's sleep")
    return machine


def report(machine):
    before, match = machine.expect(LAST_WORDS)
    return before + match.group(0).decode()


def panic_text(console, boot_line, modules=GUESTS):
    """Boots, injects an NMI, which nothing here expects, and returns (console, text up to the last words)."""
    machine = asleep(console, boot_line, modules)
    qemu_monitor(machine, "nmi")
    return machine, report(machine)


@pytest.fixture
def debugged(console, build, tmp_path):
    """Returns run(boot line, modules, **machine): (console, debugger) of a machine whose guests sleep."""
    debuggers = []

    def run(boot_line, modules=GUESTS, **more):
        path = tmp_path / "gdb"
        machine = console(boot_line, modules, serial="mon:stdio", gdb=path, **more)
        debugger = Debugger(path, build / "lull.elf")
        debuggers.append(debugger)
        debugger.go()
        machine.prompt()
        until(lambda: "blocked" in machine.command("guests"), "the guest's sleep")
        return machine, debugger

    yield run
    for debugger in debuggers:
        debugger.close()


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


@pytest.mark.parametrize("words, action, status", [
    ("panic=halt exit=debug", "the machine is halted; reset it or switch it off", None),
    ("panic=exit", "leaving the emulator", 35),
    ("panic=reboot", "rebooting", 0),
])
def test_what_follows(console, words, action, status):
    machine, text = panic_text(console, f"mode=interactive {words}")
    assert text.splitlines()[-1].startswith(f"panic: {action} (non-maskable interrupt"), text
    if status is None:
        machine.child.send("q\n")  # it has not ended by itself
        assert machine.ended() == 0
    else:
        assert machine.ended() == status


# ---- Failing on purpose ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function, printing", [
    ("backtrace_print", "the backtrace"),
    ("trace_print_last", "the trace"),
    ("cpu_report_print", "the CPUs"),
])
@pytest.mark.parametrize("smp", [1, 2])
def test_a_fault_inside_the_report_says_so(debugged, function, printing, smp):
    machine, debugger = debugged("mode=interactive exit=debug trace=all", smp=smp)
    debugger.spoil(function)
    qemu_monitor(machine, "nmi")
    text, _ = machine.expect(rf"panic inside a panic, while it prints {printing}: exception 6 in the hypervisor, "
                             rf"error code 0x0[\r\n]+  at   [0-9a-f]+ {function}\+0x0[\r\n]")
    assert len(re.findall(r"^panic: non-maskable interrupt$", text, re.MULTILINE)) == 1, text
    assert machine.ended() == 35


def test_a_fault_before_the_report_is_reported(debugged):
    """While the other CPUs are being stopped nothing has been said yet; the way back to the first panic is in the backtrace."""
    machine, debugger = debugged("mode=interactive exit=debug")
    debugger.spoil("stop_others")
    qemu_monitor(machine, "nmi")
    text = report(machine)
    assert re.search(r"^panic: exception 6 in the hypervisor, error code 0x0$", text, re.MULTILINE), text
    names = re.findall(r"^  (?:at  |from) \w{16} (\w+)\+0x", text, re.MULTILINE)
    assert names[0] == "stop_others" and "panic_trap" in names and "trap_fatal" in names, text
    assert machine.ended() == 35


def test_a_third_panic_ends_in_silence(debugged):
    """Names of functions are looked up for the first report, and for the address at which that failed."""
    machine, debugger = debugged("mode=interactive exit=debug")
    debugger.spoil("symbols_lookup")
    qemu_monitor(machine, "nmi")
    machine.expect(r"panic inside a panic, while it prints the backtrace: exception 6 in the hypervisor, error code 0x0[\r\n]")
    assert machine.ended() == 35
    assert machine.child.before.strip() == b"", machine.child.before


FRAME_CS = 18 * 8    # in struct trap_frame (hv/x86/trap_frame.h), with which a vCPU begins
CPU_GUEST = 8        # in struct cpu (hv/x86/cpu.h)
TICKING = [("guest", "guest mem=1M -- hz=10 work=idle")]


def test_a_broken_frame_of_a_guest(debugged):
    """iretq refuses it, with the guest's GS base and the stack pointer in the frame: the report is whole all the same."""
    machine, debugger = debugged("mode=interactive exit=debug", TICKING)
    debugger.stop()
    debugger.until("entry_guest")
    vcpu = debugger.read_word(debugger.address("boot_cpu") + CPU_GUEST)
    below = debugger.read(vcpu - 256, 256)
    debugger.write(vcpu + FRAME_CS, b"\xf8\xff")
    debugger.until("panic_trap")
    assert debugger.read(vcpu - 256, 256) == below
    debugger.go()
    text = report(machine)
    assert re.search(r"^panic: exception 13 on the way into a guest, error code 0xfff8: its frame is broken$", text,
                     re.MULTILINE), text
    names = re.findall(r"^  (?:at  |from) ffffffff8\w{7} (\w+)\+0x", text, re.MULTILINE)
    assert names == ["entry_guest", "vcpu_run", "hv_main", "boot_main"], text
    assert machine.ended() == 35


SPIN = [("spin", "spin mem=64K")]


def test_an_interrupted_guest_is_named(console):
    """An NMI in ring 3: the registers are the guest's, its stack is left alone, and the backtrace is that of its entry."""
    machine = console("mode=interactive exit=debug", SPIN, serial="mon:stdio")
    machine.prompt()
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\) ")

    def stopped_in_ring_3():
        machine.child.send("stop\n")
        machine.expect(r"\(qemu\) ")
        machine.child.send("info registers\n")
        ring = machine.expect(r"CPL=(\d)[^(]*XMM15=\w+ \w+[\r\n]+\(qemu\) ")[1].group(1)
        if ring != b"3":
            machine.child.send("cont\n")
            machine.expect(r"\(qemu\) ")
        return ring == b"3"

    until(stopped_in_ring_3, "the guest on its CPU")
    machine.child.send("nmi\ncont\n")
    text = report(machine)
    assert re.search(r"^  rip 0{8}\w{8}  flg \w{16}  cs  0{14}2b", text, re.MULTILINE), text
    assert re.search(r"^    guest 1 \(spin\) is loaded, running; its rip 0{8}\w{8}, last vector \d+$", text, re.MULTILINE), text
    names = re.findall(r"^  (?:at  |from) \w{16} (\w+)\+0x", text, re.MULTILINE)
    assert names == ["vcpu_run", "hv_main", "boot_main"], text
    assert machine.ended() == 35


def test_a_machine_check(console):
    machine = asleep(console, "mode=interactive exit=debug")
    qemu_monitor(machine, "mce 0 1 0xb200000000000000 0x5 0 0")
    assert re.search(r"^panic: machine check: the CPU reports a hardware error$", report(machine), re.MULTILINE)
    assert machine.ended() == 35


def test_a_cpu_that_does_not_stop_is_named(debugged):
    """CPU 1 hangs in its handler of NMIs, so it never says that it has stopped; the report comes without it."""
    machine, debugger = debugged("mode=interactive exit=debug", smp=2)
    debugger.spoil("panic_yield", code=HANG)
    debugger.spoil("report_version")
    machine.child.send("version\r")
    text = report(machine)
    assert re.search(r"^panic: exception 6 in the hypervisor, error code 0x0$", text, re.MULTILINE), text
    assert re.search(r"^  on CPU 0$", text, re.MULTILINE), text
    assert re.search(r"^  CPU 1 does not stop\n    (asleep; )?(no guest|guest 1 \(guest\)) is loaded", text, re.MULTILINE), text
    assert machine.ended() == 35


# ---- A hypervisor that hangs -------------------------------------------------------------------------------------


def processors(machine, build):
    """What QEMU's monitor says of each CPU, with the names of its addresses; the console stays switched to that."""
    machine.child.send("info registers -a\n")
    text = machine.expect(r"XMM15=\w+ \w+[\r\n]+\(qemu\) ")[0]
    named = subprocess.run([sys.executable, TOP / "tools" / "symbolise", "--elf", build / "lull.elf"], input=text,
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"^RIP=\w{16} .*<(.*)>$", named, re.MULTILINE)


def test_a_hang_is_found_from_outside(debugged, build):
    """As hv/README.md says. CPU 1 spins with interrupts off; the monitor on CPU 0 waits for it for ever."""
    guests = [("guest", "guest mem=1M cpu=0 -- work=idle"), ("guest", "guest mem=1M cpu=1 -- hz=10 work=idle")]
    machine, debugger = debugged("mode=interactive exit=debug", guests, smp=2)
    debugger.spoil("timer_interrupt", code=HANG)
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\) ")
    until(lambda: any("timer_interrupt at timer.c:" in place for place in processors(machine, build)), "the hang")
    machine.child.send(MONITOR_KEY)
    machine.child.send("timers\r")
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\) ")
    until(lambda: any("at request.c:" in place for place in processors(machine, build)), "the monitor's question")
    machine.child.send("nmi\n")
    text = report(machine)
    # QEMU gives the NMI to all CPUs; either may be the first. The function has not made its frame yet, so its caller is missing.
    hung = re.search(r"^  (?:CPU 1 stopped at|at  ) [0-9a-f]{16} timer_interrupt\+0x0\n(?:  from .*\n)*", text, re.MULTILINE)
    assert hung and " vcpu_run+" in hung.group(0) and " cpus_ap_main+" in hung.group(0), text
    asks = re.search(r"^  (?:CPU 0 stopped at|at  ) [0-9a-f]{16} \w+\+0x\w+\n(?:  from .*\n)*  from .* report_timers\+0x", text,
                     re.MULTILINE)
    assert asks, text
    assert machine.ended() == 35
