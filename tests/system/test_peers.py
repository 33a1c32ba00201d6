# SPDX-License-Identifier: BSD-2-Clause
"""Xen beside Lull: the kernel that measures Xen is one that Xen loads, and the tool can say no. Xen itself is not needed here."""

import json
import struct

import bench
import peers
import pytest

MARK = "    {}: v=03 e=0000 i=1 cpl=3 IP=e033:0000000000201992 pc=0000000000201992 SP=e02b:0000000000213ff8 env->regs[R_EAX]=0\n"
TICK = "Servicing hardware INT=0xfa\n"

# elfnote.h of Xen's public headers.
ENTRY, VIRT_BASE, PADDR_OFFSET, XEN_VERSION, GUEST_OS, LOADER, PAE_MODE = 1, 3, 4, 5, 6, 8, 9


def segments(image):
    """(type, flags, file offset, address, size in the file, size in memory) of the program headers of a 64-bit ELF image."""
    start, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", image, start + i * size)
        yield kind, flags, offset, address, in_file, in_memory


def notes(image):
    """{type: description} of the notes whose name is Xen."""
    found = {}
    for kind, _, at, _, size, _ in segments(image):
        end = at + size
        while kind == 4 and at < end:
            name_size, desc_size, note = struct.unpack_from("<III", image, at)
            desc = at + 12 + (name_size + 3) // 4 * 4
            if image[at + 12:at + 12 + name_size] == b"Xen\0":
                found[note] = image[desc:desc + desc_size]
            at = desc + (desc_size + 3) // 4 * 4
    return found


def test_the_kernel_is_one_that_xen_loads(build):
    image = (build / "peers/xen_micro.elf").read_bytes()
    found = notes(image)
    assert found[XEN_VERSION] == b"xen-3.0\0" and found[LOADER] == b"generic\0" and found[PAE_MODE] == b"yes\0"
    assert found[VIRT_BASE] == found[PADDR_OFFSET] == bytes(8) and found[GUEST_OS]
    entry, = struct.unpack("<Q", found[ENTRY])
    loaded = [segment for segment in segments(image) if segment[0] == 1]
    assert [segment for segment in loaded if segment[1] == 5 and segment[3] <= entry < segment[3] + segment[4]]
    # One lowest page table maps it, and what Xen puts behind it.
    assert min(segment[3] for segment in loaded) == 0x200000
    assert max(segment[3] + segment[5] for segment in loaded) <= 0x300000
    assert not [segment for segment in loaded if segment[1] & 3 == 3], "a segment is writable and executable"


def test_an_idle_lull_takes_one_interrupt(build, boot, tmp_path):
    """The one that ends the time. xen.json says so beside the 23 of Xen."""
    log = tmp_path / "idle.log"
    boot("mode=bench exit=debug", [(build / "peers/lull_idle.elf", f"idle -- idle_s={peers.IDLE_S}")], log=log).succeeded()
    recorded = peers.recorded()
    assert recorded["idle_s"] == peers.IDLE_S
    assert peers.interrupts(log.read_text(errors="replace")) == recorded["lull"]["interrupts"] == 1


def test_interrupts_are_counted_between_the_marks():
    marks = [MARK.format(number) for number in range(4)]
    assert peers.interrupts(TICK + "".join(marks[:2]) + 3 * TICK + "".join(marks[2:]) + TICK) == 3
    assert peers.interrupts("".join(marks)) == 0
    for log in ("", TICK, "".join(marks[:3]) + TICK, "".join(marks) + marks[0]):
        with pytest.raises(ValueError):
            peers.interrupts(log)


def test_what_was_recorded_is_complete():
    recorded = peers.recorded()
    for system in peers.SLOP:
        assert peers.missing(system, recorded[system]["micro"]) == []
        assert all(row["unit"] == "instructions" for row in recorded[system]["micro"])
    about = json.loads(bench.XEN_RECORD.read_text(encoding="utf-8"))["about"]
    assert "4.17" in about["xen"] and about["qemu"] and about["machine"] == peers.machine()


def test_a_figure_that_did_not_come_is_named():
    rows = peers.recorded()["xen_slop0"]["micro"]
    assert peers.missing("xen_slop0", rows[1:]) == [f"xen_slop0: no figure {rows[0]['name']}"]
    assert len(peers.missing("lull", [])) == len(peers.ROWS) - 2


def test_the_table_has_medians_and_says_what_is_missing():
    row = {"name": "arm_head", "median": 100}
    found = {"lull": {"micro": [row], "interrupts": 1}, "xen": {"micro": [], "interrupts": 23},
             "xen_slop0": {"micro": [{**row, "median": 1050}], "interrupts": 0}}

    def columns(what):
        line, = [line for line in peers.table(found) if line.startswith(what)]
        return line[len(what):].split()

    assert columns("arm a one-shot, relative: first of the CPU") == ["100", "-", "1050", "10.5"]
    assert columns(f"hardware interrupts in {peers.IDLE_S} s, idle") == ["1", "23", "0", "-"]
    assert columns("read the clock") == ["-"] * 4


def test_xen_that_cannot_be_had_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(peers.PeerError, match="apt-get"):
        peers.fetch(tmp_path / "peers")
