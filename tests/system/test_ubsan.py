# SPDX-License-Identifier: BSD-2-Clause
"""The hypervisor, built so that whatever C leaves undefined panics and says where, passes the self-test."""

import os
import subprocess

import pytest

import mkiso
import qemu
from bochs import clean
from conftest import TIMEOUT_S

pytestmark = pytest.mark.xdist_group("ubsan")


@pytest.fixture(scope="module")
def checked(build):
    """The hypervisor of that build; the guests are the ordinary ones."""
    folder = (build / "ubsan").relative_to(os.getcwd())
    toolchain = "clang" if build.name == "clang" else "gcc"
    subprocess.run(["make", "-j", str(os.cpu_count()), "UBSAN=1", f"TOOLCHAIN={toolchain}", f"BUILD={folder}",
                    f"{folder}/lull.elf"], check=True, stdout=subprocess.PIPE)
    return folder / "lull.elf"


def test_selftest(checked, entry, tmp_path):
    boot_line, modules = entry("selftest")
    iso = tmp_path / "ubsan.iso"
    mkiso.build(iso, checked, *mkiso.entry(f"{boot_line} exit=debug", modules, "text"))
    done = subprocess.run(qemu.command(iso, icount=True, smp=2), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
    iso.unlink()
    assert done.returncode == qemu.EXIT_SUCCESS, clean(done.stdout)
