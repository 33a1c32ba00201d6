# SPDX-License-Identifier: BSD-2-Clause
"""Looks at a machine from outside: its page tables, found and walked in a copy of its memory, and its registers.

Nothing here asks the hypervisor, or knows how it keeps its books: QEMU stops the machine, writes its RAM to a file and tells the
registers; the tables are read as the CPU reads them (Intel SDM vol. 3A, chapter 4).
"""

import json
import re
import struct
from collections import namedtuple

import qemu_socket

PAGE = 4096
UPPER_HALF = 1 << 47
PRESENT, WRITE, USER, LARGE, NO_EXECUTE = 1 << 0, 1 << 1, 1 << 2, 1 << 7, 1 << 63
ADDRESS = 0x000ffffffffff000

# One page, of 4 KiB or larger, as the CPU sees it: a right is there only if every level grants it.
Mapping = namedtuple("Mapping", "virtual physical size write user execute")


class Machine:
    """A machine that QEMU runs with a QMP socket (`qmp=` of tools/qemu.py)."""

    def __init__(self, path):
        self.socket = qemu_socket.connect(path, "QMP")
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()  # the greeting
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]

    def stop(self):
        self.ask("stop")

    def go(self):
        self.ask("cont")

    def registers(self):
        """[{name: value}], one for each CPU: control registers, EFER, CPL, HLT."""
        text = self.ask("human-monitor-command", **{"command-line": "info registers -a"})
        return [{name: int(value, 16) for name, value in re.findall(r"\b(CR[034]|EFER|CPL|HLT)=([0-9a-f]+)", cpu)}
                for cpu in re.split(r"^CPU#\d+\s*$", text, flags=re.MULTILINE)[1:]]

    def memory(self, size, path):
        """A copy of the first `size` bytes of RAM."""
        self.ask("pmemsave", val=0, size=size, filename=str(path))
        return path.read_bytes()


def table(memory, physical):
    return struct.unpack_from("<512Q", memory, physical)


def walk(memory, root):
    """(mappings, physical addresses of all tables) of the address space whose top table is at `root`."""
    mappings, tables = [], set()

    def visit(physical, level, virtual, granted, execute):
        tables.add(physical)
        for index, entry in enumerate(table(memory, physical)):
            if not entry & PRESENT:
                continue
            at = virtual + (index << 12 + 9 * level)
            rights, runs = granted & entry, execute and not entry & NO_EXECUTE
            if level > 0 and not entry & LARGE:
                visit(entry & ADDRESS, level - 1, at, rights, runs)
                continue
            size = PAGE << 9 * level
            if at >= UPPER_HALF:
                at |= 0xffff << 48
            mappings.append(Mapping(at, entry & ADDRESS & -size, size, bool(rights & WRITE), bool(rights & USER), runs))

    visit(root & ADDRESS, 3, 0, WRITE | USER, True)
    return mappings, tables


def roots(memory, one):
    """The top tables of all address spaces: the upper half is the same in each, so it is looked for in all of RAM."""
    half = PAGE // 2
    upper = memory[one + half:one + PAGE]
    return [at for at in range(0, len(memory), PAGE) if memory[at + half:at + PAGE] == upper]
