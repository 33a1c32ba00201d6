# SPDX-License-Identifier: BSD-2-Clause
"""The hypervisor, built so that whatever C leaves undefined panics and says where: it passes the self-test, and finds a plant."""

import os
import re
import subprocess

import pytest

from debugger import Debugger

RDI = 5  # gdb's number

pytestmark = pytest.mark.xdist_group("ubsan")


@pytest.fixture(scope="module")
def checked(build):
    """The hypervisor of that build; the guests are the ordinary ones."""
    folder = (build / "ubsan").relative_to(os.getcwd())
    toolchain = "clang" if build.name == "clang" else "gcc"
    subprocess.run(["make", "-j", str(os.cpu_count()), "UBSAN=1", f"TOOLCHAIN={toolchain}", f"BUILD={folder}",
                    f"{folder}/lull.elf"], check=True, stdout=subprocess.PIPE)
    return folder / "lull.elf"


def test_selftest(boot, entry, checked):
    boot_line, modules = entry("selftest")
    boot(f"{boot_line} exit=debug", modules, smp=2, hv=checked).succeeded()


def test_a_wrong_index_is_found(console, checked, tmp_path):
    """`mem` is typed, and when it wants the name of the first stack, from outside it is made to ask for the hundredth."""
    monitor = console("mode=interactive exit=debug", hv=checked, gdb=tmp_path / "gdb")
    debugger = Debugger(tmp_path / "gdb", checked)
    debugger.go()
    monitor.prompt()
    debugger.stop()
    monitor.child.send("mem\r")
    debugger.until("stacks_name")
    debugger.ask("qXfer:features:read:target.xml:0,ff")  # then QEMU takes single registers
    assert debugger.ask(f"P{RDI:x}={(99).to_bytes(8, 'little').hex()}") == "OK"
    debugger.go()
    line = monitor.expect(r"panic: undefined behaviour at ([^\r\n]*)[\r\n]")[1].group(1).decode()
    assert re.fullmatch(r"hv/x86/stacks\.c:\d+:\d+: index 99 is outside of '(const )?char \*(const ?)?\[5\]'", line), line
    assert monitor.ended() == 35
    debugger.close()
