# SPDX-License-Identifier: BSD-2-Clause
"""Who may touch which memory, seen from outside: the page tables of every address space, read through QEMU's monitor."""

import re
import struct
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from conftest import until
from page_tables import PAGE, UPPER_HALF, Machine, roots, walk

RAM = 64 << 20
DIRECT_MAP, IMAGE_MAP = 0xffff800000000000, 0xffffffff80000000

# abi/lull.h
VCPU_PAGE, TIME_PAGE, START_PAGE = 0x200000, 0x201000, 0x202000
WINDOW_END = 0x40000000
START_PAGE_FORMAT = "<IIIIQQQ32s"  # the first words of struct lull_start_page
MAGIC = 0x4c4c554c

CR0_WP = 1 << 16
CR4_UMIP, CR4_SMEP, CR4_SMAP = 1 << 11, 1 << 20, 1 << 21
EFER_NXE = 1 << 11

READ, READ_WRITE, READ_EXECUTE = (False, False), (True, False), (False, True)  # (write, execute)


def symbols(build):
    text = subprocess.run(["nm", str(build / "lull.elf")], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in map(str.split, text.splitlines())}


def image_pages(path):
    """{page of the guest's window: rights} as the program headers of an ELF image want it, and those not writable."""
    data = Path(path).read_bytes()
    offset, size, count = (struct.unpack_from(kind, data, at)[0] for kind, at in (("<Q", 32), ("<H", 54), ("<H", 56)))
    pages = {}
    for i in range(count):
        kind, flags, _, virtual, _, _, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, offset + i * size)
        if kind == 1:
            for page in range(virtual & -PAGE, virtual + in_memory, PAGE):
                pages[page] = (bool(flags & 2), bool(flags & 1))
    return pages


class Guest:
    """One guest, as its start page describes it."""

    def __init__(self, memory, start):
        magic, _, self.id, _, self.ram_start, self.ram_end, _, name = struct.unpack_from(START_PAGE_FORMAT, memory, start)
        assert magic == MAGIC
        self.name = name.rstrip(b"\0").decode()

    def pages(self, image):
        """{page: rights} of all that it may have."""
        return {VCPU_PAGE: READ_WRITE, TIME_PAGE: READ, START_PAGE: READ, **image,
                **dict.fromkeys(range(self.ram_start, self.ram_end, PAGE), READ_WRITE)}


def check_registers(cpus):
    for cpu in cpus:
        assert cpu["CR0"] & CR0_WP and cpu["EFER"] & EFER_NXE, cpu
        assert cpu["CR4"] & (CR4_UMIP | CR4_SMEP | CR4_SMAP) == CR4_UMIP | CR4_SMEP | CR4_SMAP, cpu


def check_upper(upper, names):
    """The hypervisor's half: its own alone, write xor execute by every name, and of its image just what each part needs."""
    text, rodata = names["image_text_start"], names["image_text_end"]
    data, end = names["image_rodata_end"], names["image_end"]
    runnable = {m.physical for m in upper if m.execute}

    assert upper and not [m for m in upper if m.user]
    assert not [m for m in upper if m.write and m.execute]
    assert {m.virtual for m in upper if m.execute} == set(range(text, rodata, PAGE)), "code is the image's text, all of it"
    assert not [m for m in upper if m.write and any(page in runnable for page in range(m.physical, m.physical + m.size, PAGE))], \
        "code can be written by another name"
    image = {m.virtual: m for m in upper if IMAGE_MAP <= m.virtual < end}
    assert not [m for m in image.values() if m.virtual < data and m.write], "code and constants"
    guards = set(range(text, end, PAGE)) - set(image)
    stacks = {name: names[name] for name in names if re.fullmatch("stacks_(boot_cpu|debug|double_fault|nmi|machine_check)", name)}
    assert len(stacks) == 5 and guards == set(stacks.values()), "below each stack, and nowhere else, a page is missing"
    load_start, load_end = names["image_load_start"], names["image_load_end"]
    assert not [m for m in upper if m.virtual < IMAGE_MAP and m.physical < load_end and m.physical + m.size > load_start], \
        "the image is in no other map"


def check_guests(memory, lower, tables, images, names):
    """The lower half of each address space: what the ABI and the image say, page by page, and nobody else's."""
    owners = defaultdict(set)  # of each physical page: (top table, page of the window)
    guests, templates = {}, []
    for root, mappings in lower.items():
        assert all(m.user and m.size == PAGE and m.virtual < WINDOW_END for m in mappings)
        found = {m.virtual: m for m in mappings}
        rights = {page: (m.write, m.execute) for page, m in found.items()}
        if START_PAGE in found:
            guests[root] = guest = Guest(memory, found[START_PAGE].physical)
            assert rights == guest.pages(images[guest.name.split(".")[0]]), guest.name
        elif mappings:  # an image's own: the pages that its guests share
            templates.append(root)
            assert rights in [{page: r for page, r in image.items() if not r[0]} for image in images.values()]
        for m in mappings:
            owners[m.physical].add((root, m.virtual))

    for page, where in owners.items():
        assert page not in tables, "a page table is a guest's page"
        assert not names["image_load_start"] <= page < names["image_load_end"], "the hypervisor's image is a guest's page"
        if len(where) == 1:
            continue
        virtual = {at for _, at in where}
        assert len(virtual) == 1, "one page at two places"
        at = virtual.pop()
        users = {guests[root].name.split(".")[0] for root, _ in where if root in guests}
        assert at == TIME_PAGE or len(users) <= 1, f"guests of two images share {at:#x}"
        assert at == TIME_PAGE or not images[users.pop()][at][0], f"a page that can be written is shared: {at:#x}"
    return guests, templates


def check(machine, path, build, images):
    """Looks at the stopped machine. Returns the names of the guests that it has."""
    names = symbols(build)
    cpus = machine.registers()
    memory = machine.memory(RAM, path)
    lower, tables, upper = {}, set(), None
    check_registers(cpus)
    spaces = roots(memory, cpus[0]["CR3"])
    assert {cpu["CR3"] for cpu in cpus} <= set(spaces)
    for root in spaces:
        mappings, own_tables = walk(memory, root)
        lower[root] = [m for m in mappings if m.virtual < UPPER_HALF]
        here = [m for m in mappings if m.virtual >= UPPER_HALF]
        assert upper is None or here == upper
        upper = here
        tables |= own_tables
    check_upper(upper, names)
    mapped_here = {m.physical for m in upper if m.virtual >= IMAGE_MAP}
    guests, templates = check_guests(memory, lower, tables | mapped_here, images, names)
    assert len(spaces) == len(guests) + len(templates) + 1, "the hypervisor's own has nothing in the window"
    assert len(templates) == len(images)
    for cpu in cpus:
        assert cpu["CPL"] == 0 or cpu["CR3"] in guests
    return sorted(guest.name for guest in guests.values())


@pytest.mark.parametrize("smp", [1, 2])
def test_page_tables(console, build, tmp_path, smp):
    """At the prompt, while every CPU sleeps, and while each runs a guest."""
    modules = [("guest", "guest count=3"), ("spin", "spin count=2 mem=64K")]
    images = {name: image_pages(build / where) for name, where in
              (("guest", "guest.elf"), ("spin", "guests/spin.elf"))}
    monitor = console("mode=interactive", modules, smp=smp, memory="64M", qmp=tmp_path / "qmp")
    machine = Machine(tmp_path / "qmp")
    monitor.prompt()

    def stopped_when(condition):
        """Stops the machine when its registers are so."""
        machine.stop()
        if condition(machine.registers()):
            return True
        machine.go()
        return False

    for command, condition in (
            ("pause all", lambda cpus: all(cpu["CPL"] == 0 and cpu["HLT"] for cpu in cpus)),
            ("resume all", lambda cpus: all(cpu["CPL"] == 3 for cpu in cpus))):
        monitor.command(command)
        until(lambda condition=condition: stopped_when(condition), f"what `{command}` leads to")
        assert check(machine, tmp_path / "memory", build, images) == ["guest.0", "guest.1", "guest.2", "spin.0", "spin.1"]
        machine.go()


def test_careful_pages(boot, short):
    """debug=pages: half of the RAM, each page hidden while it is free; nothing touches one that is not its own."""
    boot_line, modules = short
    outcome = boot(f"{boot_line} debug=pages", modules, smp=2, memory="512M").succeeded()
    assert 250 <= int(outcome.says(r"^\[.*\] memory: (\d+) MiB usable").group(1)) <= 256


def test_nothing_is_left_of_a_guest(boot):
    """Guests that fill what they have with a mark, and search what they get: one after the other, of changing sizes, so that
    pages that were memory, page tables, vCPUs and consoles of others become theirs."""
    ends = [("expect=exit:0", ""), ("expect=kill:exception-ud", " -- do=die")]
    lines = [f"leftovers name=l{i} count={1 + i % 3} mem={20 + 36 * (i % 4)}K {expect}{arguments}"
             for i in range(40) for expect, arguments in [ends[i // 2 % 2]]]
    outcome = boot("mode=selftest exit=debug", [("leftovers", line) for line in lines], smp=2).succeeded()
    assert len(re.findall(r"^selftest: leftovers: success:", outcome.text, re.MULTILINE)) == len(lines), outcome.text
