# SPDX-License-Identifier: BSD-2-Clause
"""The one place that knows how Lull is started in QEMU: every flag, and what the exit status means."""

import signal
import subprocess
from pathlib import Path

# isa-debug-exit makes QEMU leave with (value << 1) | 1; the hypervisor writes 0x10 for success. Every other
# status, also 0 (a clean power-off) and a time-out, is no success.
EXIT_SUCCESS = 33

KVM = "/dev/kvm"
NOWHERE = 0x1061  # a port that nobody has
OVMF = "/usr/share/ovmf/OVMF.fd"

# The same run every time: one instruction takes one nanosecond of virtual time, and idle time takes none of ours.
ICOUNT = ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]


def add_options(parser):
    """Adds the options that describe a machine to an argparse parser."""
    parser.add_argument("--machine", choices=["q35", "pc"], default="q35")
    parser.add_argument("--uefi", action="store_true", help="boot by UEFI (OVMF) and not by BIOS")
    parser.add_argument("--no-hpet", action="store_true", help="a machine without HPET")
    parser.add_argument("--icount", action="store_true", help="deterministic virtual time, 1 instruction = 1 ns")
    parser.add_argument("--smp", type=int, default=1, metavar="N")
    parser.add_argument("--memory", default="512M", metavar="SIZE")
    parser.add_argument("--cpu", default=None, help="CPU model (default: max, with ACCEL=kvm: host)")
    parser.add_argument("--accel", choices=["tcg", "kvm"], default="tcg")
    parser.add_argument("--gdb", metavar="SOCKET", help="wait for gdb on this UNIX socket before the first instruction")


def command(iso, *, machine="q35", uefi=False, no_hpet=False, icount=False, smp=1, memory="512M", cpu=None,
            accel="tcg", gdb=None, acpi=True, vga="std", usb=False, log=None, serial="stdio", second=None, qmp=None,
            speaker=True):
    """Returns the argument vector that boots `iso`, with its first serial port on `serial` and the second on `second`.

    `speaker=False` moves the port of the speaker, and of what belongs to it of the PIT, out of sight. GRUB for BIOS reads it for
    55 ms to measure the TSC, and is content with what it finds otherwise: with `icount` that saves two seconds of ours.
    `usb` makes it a USB stick and not a CD.
    `qmp` is a UNIX socket by which programs ask QEMU about the machine.
    `log` is a file in which QEMU itself notes every interrupt and exception that the CPU takes (-d int).

    Raises ValueError, with what to do, for a combination that QEMU or this machine cannot run.
    """
    if icount and accel == "kvm":
        raise ValueError("icount counts emulated instructions, so it needs ACCEL=tcg")
    if accel == "kvm" and not Path(KVM).exists():
        raise ValueError(f"ACCEL=kvm needs {KVM}, which this machine does not have; use ACCEL=tcg")
    if uefi and not Path(OVMF).exists():
        raise ValueError(f"UEFI needs {OVMF}; install the package ovmf")
    if not Path(iso).is_file():
        raise ValueError(f"{iso} does not exist; run `make iso` first")
    line = [
        "qemu-system-x86_64",
        "-machine", f"{machine},accel={accel},hpet={'off' if no_hpet else 'on'},acpi={'on' if acpi else 'off'}",
        "-cpu", cpu or ("host" if accel == "kvm" else "max"),
        "-m", memory,
        "-smp", str(smp),
        "-nodefaults",
        "-vga", vga,
        "-display", "none",
        "-serial", serial,
        "-no-reboot",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
    ]
    if not speaker:
        line += ["-global", f"isa-pcspk.iobase={NOWHERE:#x}"]
    if second:
        line += ["-serial", second]
    if usb:
        line += ["-device", "qemu-xhci", "-device", "usb-storage,drive=stick", "-drive",
                 f"if=none,id=stick,format=raw,readonly=on,file={iso}"]
    else:
        line += ["-cdrom", str(iso)]
    if uefi:
        line += ["-bios", OVMF]
    if icount:
        line += ICOUNT
    if log:
        line += ["-d", "int", "-D", str(log)]
    if qmp:
        line += ["-qmp", f"unix:{qmp},server=on,wait=off"]
    if gdb:
        line += ["-S", "-chardev", f"socket,path={gdb},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]
    return line


def from_options(iso, options, **more):
    """The same, from the options that add_options() added."""
    return command(iso, machine=options.machine, uefi=options.uefi, no_hpet=options.no_hpet, icount=options.icount,
                   smp=options.smp, memory=options.memory, cpu=options.cpu, accel=options.accel, gdb=options.gdb,
                   **more)


def run(line, timeout_s):
    """Runs a machine to its end, by what command() has made; returns (serial output, problems: none if it succeeded)."""
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout_s, check=False)
        output, problems = done.stdout, []
        if done.returncode != EXIT_SUCCESS:
            problems.append(f"QEMU ended with status {done.returncode}, not {EXIT_SUCCESS}")
    except subprocess.TimeoutExpired as late:
        output, problems = late.stdout or b"", [f"it did not end within {timeout_s} s"]
    return output.decode("utf-8", errors="replace").replace("\r", ""), problems


def end(child):
    """Ends a machine that pexpect runs, if it has not ended by itself, and returns its exit status."""
    if not child.eof() and child.isalive():
        child.kill(signal.SIGKILL)
    child.wait()
    child.close()
    return child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0)
