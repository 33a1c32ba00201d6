# SPDX-License-Identifier: BSD-2-Clause
"""What users type: `make run` with and without a terminal, gdb, and names for addresses."""

import re
import subprocess
import sys

import pexpect

import qemu

RUN = [sys.executable, "tools/demo.py", "run"]
TIMEOUT_S = 600


def test_run_on_a_terminal(build):
    """The table comes with the host's cost beneath it, the prompt answers, and Ctrl-A X ends QEMU."""
    child = pexpect.spawn(RUN[0], [*RUN[1:], str(build / "lull.iso")], timeout=TIMEOUT_S, dimensions=(50, 200))
    try:
        child.expect("demo: end of table")
        child.expect(r"host CPU seconds of QEMU: static [\d.]+, tickless [\d.]+")
        child.expect("lull> ")
        child.send("guests\r")
        child.expect(r"guest\.9 ")
        child.expect("lull> ")
        child.send("\x01x")
        child.expect(pexpect.EOF)
    finally:
        status = qemu.end(child)
    assert status == 0


def test_run_without_a_terminal(build):
    """Each line of stdin answers one prompt; at its end the machine is powered off."""
    done = subprocess.run([*RUN, build / "lull.iso"], input="irqs\n", text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"all hardware interrupts +\d+", done.stdout), done.stdout
    assert re.search(r"host CPU seconds of QEMU: static [\d.]+, tickless [\d.]+", done.stdout), done.stdout


def test_gdb_stops_in_hv_main(build, tmp_path):
    line = [sys.executable, "tools/debug", build / "lull.iso", build / "lull.elf", "--log", tmp_path / "serial",
            "--batch", "--command", "continue", "--command", "info symbol $rip"]
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=TIMEOUT_S, check=False)
    assert "hv_main in section .text" in done.stdout, done.stdout


def test_symbolise(build):
    elf = build / "lull.elf"
    names = subprocess.run(["nm", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    address = re.search(r"^([0-9a-f]{16}) T hv_main$", names, re.MULTILINE).group(1)
    done = subprocess.run([sys.executable, "tools/symbolise", "--elf", elf], input=f"from {address}\nno address\n",
                          stdout=subprocess.PIPE, text=True, check=True)
    assert re.fullmatch(rf"from {address}    <hv_main at main\.c:\d+>\nno address\n", done.stdout)
