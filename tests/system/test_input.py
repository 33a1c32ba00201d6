# SPDX-License-Identifier: BSD-2-Clause
"""What the loader hands over is checked: bad words on the boot line, no modules, modules that are no guests."""

import pytest

import qemu


def test_unknown_key_and_bad_value(boot, entry):
    boot_line, modules = entry("selftest", ["witness", "hello"])
    outcome = boot(f"{boot_line} exit=debug colour=blue clockevent=sundial clocksource", modules, icount=False).succeeded()
    outcome.says(r"warning: boot line: .*colour.*ignored")
    outcome.says(r"warning: boot line: .*sundial.*ignored, clockevent=auto stays")
    outcome.says(r"warning: boot line: .*clocksource.*ignored, clocksource=auto stays")


def test_no_modules(boot):
    outcome = boot("mode=demo exit=debug report=json", icount=False)
    outcome.says(r"(?i)no (guest|module)")
    assert outcome.status != qemu.EXIT_SUCCESS


@pytest.fixture
def damaged(build, tmp_path):
    """Returns damaged(change): a file that holds the guest image after change(bytes)."""
    def make(change):
        path = tmp_path / "damaged.elf"
        path.write_bytes(change((build / "guest.elf").read_bytes()))
        return path
    return make


def put(offset, data):
    return lambda image: image[:offset] + data + image[offset + len(data):]


# Offsets of the ELF64 header: e_machine 18, e_entry 24, e_phoff 32, e_phnum 56.
@pytest.mark.parametrize("change", [
    pytest.param(lambda image: image[:40], id="cut-in-the-header"),
    pytest.param(lambda image: image[:4096 + 100], id="cut-in-a-segment"),
    pytest.param(lambda image: b"MZ" + image[2:], id="not-elf"),
    pytest.param(put(4, b"\1"), id="elf32"),
    pytest.param(put(18, b"\xb7\0"), id="another-machine"),
    pytest.param(put(24, (0xffffffff80200000).to_bytes(8, "little")), id="entry-in-the-hypervisor"),
    pytest.param(put(32, (2**64 - 8).to_bytes(8, "little")), id="program-headers-wrap"),
    pytest.param(put(56, b"\xff\xff"), id="too-many-program-headers"),
])
def test_damaged_module(boot, damaged, change):
    """A damaged image is refused with the reason; with no guest left the run is no success."""
    outcome = boot("mode=selftest exit=debug", [(damaged(change), "broken expect=exit:0")], icount=False)
    outcome.says(r"broken.*refused|refused.*broken")
    outcome.never_says(r"panic")
    assert outcome.status != qemu.EXIT_SUCCESS


@pytest.mark.parametrize("line", ["bad count=0", "bad count=many", "bad mem=1", "bad mem=999G"])
def test_bad_module_line(boot, line):
    outcome = boot("mode=selftest exit=debug", [("guest", line)], icount=False)
    outcome.says(r"bad.*(count|mem)")
    assert outcome.status != qemu.EXIT_SUCCESS
