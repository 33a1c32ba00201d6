#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the made part of the corpus, tests/fuzz/corpus/TARGET/seed-NAME: sound inputs, from which fuzzing starts."""

import struct
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def write(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(data if isinstance(data, bytes) else data.encode("latin-1"))


# ---- The loader's information (Multiboot2 Specification 2.0, 3.6) --------------------------------------------------

def tag(kind, payload):
    data = struct.pack("<II", kind, 8 + len(payload)) + payload
    return data + bytes(-len(data) % 8)


def loader_info(*tags):
    body = b"".join(tags) + tag(0, b"")
    return struct.pack("<II", 8 + len(body), 0) + body


def memory_map(*ranges, entry_size=24):
    entries = b"".join(struct.pack("<QQII", start, end - start, kind, 0).ljust(entry_size, b"\xcc")
                       for start, end, kind in ranges)
    return tag(6, struct.pack("<II", entry_size, 0) + entries)


PC_MAP = memory_map((0, 0x9fc00, 1), (0x9fc00, 0xa0000, 2), (0xf0000, 0x100000, 2), (0x100000, 0x7fe0000, 1),
                    (0x7fe0000, 0x8000000, 2), (0x100000000, 0x140000000, 1))


def module(start, end, line):
    return tag(3, struct.pack("<II", start, end) + line + b"\0")


def screen(phys, pitch, width, height, bits, kind, colours=b""):
    return tag(8, struct.pack("<QIIIBBH", phys, pitch, width, height, bits, kind, 0) + colours)


def rsdp(xsdt, rsdt=0, revision=2):
    first = b"RSD PTR \0LULL  " + struct.pack("<BI", revision, rsdt)
    second = struct.pack("<IQB3x", 36, xsdt, 0)
    return first + (second if revision >= 2 else b"")


def multiboot2():
    line, loader = tag(1, b"mode=demo exit=debug\0"), tag(2, b"GRUB 2.06\0")
    write("multiboot2", "pc", loader_info(line, loader, PC_MAP, module(0x200000, 0x210000, b"guest count=2 -- hz=1"),
                                          module(0x210000, 0x210800, b"other"), tag(14, rsdp(0, 0x7fe1000, 0))))
    write("multiboot2", "pixels", loader_info(PC_MAP, line, tag(15, rsdp(0x7fe0000)),
                                              screen(0xfd000000, 4096, 1024, 768, 32, 1, bytes([16, 8, 8, 8, 0, 8]))))
    write("multiboot2", "text", loader_info(screen(0xb8000, 160, 80, 25, 16, 2), PC_MAP))
    write("multiboot2", "backwards", loader_info(PC_MAP, module(0x210000, 0x200000, b"ends before it starts")))
    write("multiboot2", "wide_entries", loader_info(memory_map((0x100000, 0x300000, 1), entry_size=40), tag(9, b"elf")))
    write("multiboot2", "overlaps", loader_info(memory_map((0x100000, 0x800000, 1), (0x200000, 0x300000, 2),
                                                           (0x700000, 0x900000, 1), (0, 1 << 63, 1)),
                                                module(0x280000, 0x290000, b"in reserved memory")))


# ---- ACPI tables (ACPI 6.4, chapter 5): rows of kind, length, bytes, as fuzz_acpi.c takes them ---------------------

XSDT, RSDT, MADT, FADT, HPET, DSDT, RSDP = range(7)
AS_IT_IS = 0x80


def place(kind):
    return 0x7fe0000 + kind * 0x10000


def table(kind, body, flags=0):
    data = b"????" + struct.pack("<IBB6s8sI4sI", 36 + len(body), 1, 0, b"LULL  ", b"FUZZ    ", 1, b"LULL", 1) + body
    return record(kind, data, flags)


def record(kind, data, flags=0):
    return struct.pack("<BH", kind | flags, len(data)) + data


def gas(space, address, bits=32):
    return struct.pack("<BBBBQ", space, bits, 0, 3, address)


def fadt(extended=True):
    body = bytearray(220 - 36 if extended else 116 - 36)
    struct.pack_into("<II", body, 0, 0, place(DSDT))
    struct.pack_into("<IBB", body, 48 - 36, 0xb2, 0xf1, 0xf0)
    struct.pack_into("<II", body, 64 - 36, 0x604, 0)
    struct.pack_into("<I", body, 76 - 36, 0x608)
    body[91 - 36] = 4
    body[108 - 36] = 0x32
    struct.pack_into("<I", body, 112 - 36, 1 << 10 | 1 << 8)
    if extended:
        body[116 - 36:128 - 36] = gas(1, 0xcf9, 8)
        body[128 - 36] = 0x0f
        struct.pack_into("<Q", body, 140 - 36, place(DSDT))
        body[172 - 36:184 - 36] = gas(1, 0x604)
        body[208 - 36:220 - 36] = gas(1, 0x608)
    return bytes(body)


def acpi():
    madt = struct.pack("<II", 0xfee00000, 1) + bytes([0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 4, 0, 0, 0, 0])
    madt += struct.pack("<BBBBII", 1, 12, 2, 0, 0xfec00000, 0) + struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
    madt += struct.pack("<BBBBIH", 2, 10, 0, 9, 9, 0xf) + struct.pack("<BBHQ", 5, 12, 0, 0xfee00000)
    madt += struct.pack("<BBHIII", 9, 16, 0, 300, 1, 2) + bytes([4, 6, 0xff, 0, 0, 1])
    hpet = struct.pack("<I", 0x8086a201) + gas(0, 0xfed00000, 64) + struct.pack("<BHB", 0, 100, 0)
    s5 = b"\x08_S5_\x12\x06\x04\x0a\x05\x0a\x01\x00\x00"
    s5_root = b"junk_S5_\x08\\_S5_\x12\x08\x02\x0b\x05\x00\x0c\x01\x00\x00\x00"
    roots = struct.pack("<QQQ", place(MADT), place(FADT), place(HPET))
    parts = table(MADT, madt) + table(HPET, hpet)
    write("acpi", "machine", table(XSDT, roots) + parts + table(FADT, fadt()) + table(DSDT, s5))
    write("acpi", "version_1", record(RSDP, rsdp(0, place(RSDT), 0)) +
          table(RSDT, struct.pack("<III", place(FADT), place(MADT), 0)) + table(FADT, fadt(False)) +
          table(DSDT, s5_root))
    write("acpi", "as_it_is", table(XSDT, roots, AS_IT_IS) + parts)
    write("acpi", "no_entries", table(XSDT, b"") + table(MADT, b"\0" * 8))


# ---- ELF images (System V ABI, chapters 4 and 5) -----------------------------------------------------------------

TEXT = 0x210000


def elf(programs, rest=b"", sections=(), entry=TEXT + 0x10):
    """programs: (type, flags, vaddr, bytes, memory size); the bytes follow the headers in that order."""
    at = 64 + 56 * len(programs) + 64 * len(sections)
    heads = bodies = b""
    for kind, flags, vaddr, data, memory in programs:
        heads += struct.pack("<IIQQQQQQ", kind, flags, at + len(bodies), vaddr, vaddr, len(data), memory, 4096)
        bodies += data
    for kind, address, data, link, size in sections:
        heads += struct.pack("<IIQQQQIIQQ", 0, kind, 0, address, at + len(bodies) if data else 0, len(data) or size,
                             link, 0, 1, 24)
        bodies += data
    header = struct.pack("<IBBBB8xHHIQQQIHHHHHH", 0x464c457f, 2, 1, 1, 0, 2, 62, 1, entry, 64,
                         64 + 56 * len(programs), 0, 64, 56, len(programs), 64, len(sections), 0)
    return header + heads + bodies + rest


def symbol(name, kind, section, value, size):
    return struct.pack("<IBBHQQ", name, kind, 0, section, value, size)


def note(version, features=0):
    return struct.pack("<III8sIQ", 5, 12, 1, b"Lull", version, features)


def elf_images():
    text, data = (1, 5, TEXT, b"\x90" * 32, 32), (1, 6, TEXT + 0x2000, b"data", 0x1001)
    strings = b"\0main\0handler\0label\0bad\x1b\0"
    symbols = symbol(0, 0, 0, 0, 0) + symbol(1, 2, 1, TEXT + 0x10, 0x20) + symbol(6, 2, 1, TEXT + 0x40, 0x20)
    symbols += symbol(14, 0, 1, TEXT + 0x8, 0) + symbol(20, 2, 1, TEXT, 8)
    write("elf", "plain", elf([text, data]))
    write("elf", "symbols", elf([text], sections=[(0, 0, b"", 0, 0), (1, TEXT, b"", 0, 0x180), (2, 0, symbols, 3, 0),
                                                  (3, 0, strings, 0, 0)]))
    write("elf", "notes", elf([text, (4, 4, 0, note(3), 0), (1, 4, TEXT + 0x1000, b"const", 5)]))
    write("elf", "newer", elf([(4, 4, 0, struct.pack("<III4s", 4, 0, 3, b"GNU\0") + note(99, 1 << 40), 0), text]))
    write("elf", "features", elf([(4, 4, 0, note(3, 1 << 40), 0), text]))


# ---- Lines -------------------------------------------------------------------------------------------------------

def lines():
    write("boot_line", "all", "mode=curve clockevent=lapic-oneshot clocksource=hpet hpet=32 cpus=0x4 handover=on "
          "deadman=all exit=debug screen=off report=json demo_seconds=3600 demo_guests=10 curve_guests=10000 "
          "soak_hours=8 panic=reboot")
    write("boot_line", "wrong", "mode=dmeo  \t cpus=65 cpus=all exit unknown=1 hpet= =64 soak_hours=99999999999999999999")
    write("boot_line", "bounds", "cpus=0 demo_seconds=0 demo_guests=0 curve_guests=0 soak_hours=0 cpus=64 demo_seconds=3601")
    write("module_line", "all", "guest count=10 mem=1M name=web cpu=3 weight=300 pause=50us input=ls tick=1000 "
          "timeout=2s expect=exit:0x10 -- hz=1000 work=demo")
    write("module_line", "kill", "hostile expect=kill:exception-gp mem=0x1000 timeout=5ms --")
    write("module_line", "silence", "idle expect=silence unknown=5 pause=10s")
    write("module_line", "wrong", "a count=1 count=2 mem=5000 name=0123456789012345678901234567890123456789")
    write("line", "edit", "kill 3\x1b[D\x1b[D\x7f5\x01x\x05y\x0b\x15word word\x17\x1b[1;5D\x1b[C\x1bb\x1bf\r\n\x1b[A\x1b[B\r")
    write("line", "narrow", "\x1b[24;12Ra line that is longer than the row\x1b[H\x1b[F\x04\x1b[3~\x1b[24;80R\t\x0c\x1d\x03")
    write("line", "long", "0123456789" * 27 + "\x7f\r" + "\x10\x10\x0e\r")


def monitor():
    """A NUL lets a millisecond pass."""
    write("monitor", "reports", "help\rhelp create\rguests\rguests 2\rcpu\rmem\rlog\rversion\rtimes\rlateness\r"
          "lateness 1\rtimers\rtimers 3\rirqs\rstats\rclock\r\0guests\rtimers 99\rlateness 9\r")
    write("monitor", "changes", "create guest count=2 mem=4K weight=300 -- x1\r\0create other name=c -- cZ\r\0\0guests\r"
          "weight 1 300\rweight all\rpin web 0\rpin all any\rmode 1 hz=100\rmode all tickless\rpause all\r\0"
          "resume 1 2\r\0kill 1\rrestart 2\r\0kill all\r\0mem\r")
    write("monitor", "consoles", "console 1\rabc\0\x1d\0console web\r\0\x1d\x1d\0kill 1\0\x1dtop 1\r\0\0 q"
          "create guest count=9999 mem=512M\r\0\x03create nobody\rbench\r\0\0\x03\0")
    write("monitor", "trace", "trace on\r\0\0trace\rtrace show\r\0trace off\rtrace show\rtrace dump\rtrace clear\rhelp trace\rtrace on\r"
          "\0kill 1\rtrace x\r\0")
    write("monitor", "typing", "gu\t\t 1\x1b[D\x1b[3~\r\x1b[A\x1b[24;60R\x0ckill w\t\rpoweroff\rmode guest.\t \thz\treboot\r")


# ---- What guests do: the steps of fuzz_hypercall.c ---------------------------------------------------------------

HCALL = {"periodic": 2, "read": 3, "halt": 4, "deliver": 5, "upcalls": 6, "write": 7, "exit": 8, "yield": 9, "doorbell": 10,
         "counters": 11, "deadline": 12, "block": 13, "times": 14, "runtime": 15, "type": 16}
TURN, STEP_CALL, STEP_STORE, STEP_COMPUTE, STEP_EXCEPTION, STEP_REGISTER, STEP_END = 0, 0, 3, 4, 5, 6, 7
LATER, ANY = 2, 4  # kinds of arguments: some nanoseconds from now, any word


def number(value):
    return struct.pack("<BQ", ANY, value)


def later(ns):
    return struct.pack("<BH", LATER, ns)


def call(name, *arguments):
    return bytes([STEP_CALL, HCALL[name]]) + b"".join((list(arguments) + [b"\0"] * 3)[:3])


def store(word, value):
    return bytes([STEP_STORE, word]) + value


def turn(cpu, *steps, shift=10):
    return bytes([cpu, 1, shift]) + b"".join(steps) + bytes([STEP_END])


def command(what, value, place):
    return bytes([0xc0, what, value, place])


def hypercall():
    data, ram = 0x212000, 0x214000
    upcalls = call("upcalls", number(TEXT), number(TEXT + 8), number(TEXT + 0x20 | (TEXT + 0x30) << 32))
    compute = bytes([STEP_COMPUTE, 9, 10])
    write("hypercall", "timers", b"\0" + turn(0, upcalls, store(0, number(1)), call("deadline", later(500), number(100)),
                                              compute, store(7, later(3000)), call("halt")) +
          turn(0, call("periodic", number(10000)), compute, compute, call("periodic", number(0)), shift=14) +
          turn(0, call("block", later(9000), number(5)), call("runtime", number(700)), compute, call("times")))
    write("hypercall", "console", b"\0" + turn(0, call("write", number(data), number(8)), call("type", number(ram), number(99)),
                                               call("counters", number(ram)), call("write", number(1 << 63), number(1 << 63))) +
          command(8, 40, 0) + turn(0, call("type", number(ram), number(99)), call("exit", number(7))))
    write("hypercall", "upcalls", b"\0" + turn(0, upcalls, bytes([STEP_REGISTER, 2]) + number(ram + 512) + number(0) + b"\0",
                                               bytes([STEP_EXCEPTION, 14, 4]) + number(0x1234),
                                               bytes([STEP_CALL, 18]) + b"\0\0\0") +
          turn(0, bytes([STEP_EXCEPTION, 13, 0]) + number(0), bytes([STEP_REGISTER, 2]) + number(0) + number(0) + b"\0",
               bytes([STEP_EXCEPTION, 13, 0]) + number(0)))
    def stack(word, value):
        return bytes([STEP_REGISTER, 2]) + number(ram + 512) + number(value) + bytes([word])
    write("hypercall", "return", b"\0" + turn(0, stack(0, 7), stack(1, 0x3202), stack(2, TEXT), bytes([STEP_CALL, 18]) + b"\0\0\0",
                                              bytes([STEP_COMPUTE, 1, 1]), call("write", number(0x3fffffff), number(4096))))
    write("hypercall", "cpus", b"\2" + turn(0, call("doorbell", b"\x10"), call("yield"), compute) + turn(1, compute) +
          command(5, 2, 0) + turn(2, compute, call("block", later(300))) + command(1, 0, 0) + turn(1, compute) +
          command(2, 0, 0) + command(4, 200, 1) + command(7, 0, 1) + command(6, 100, 0) + command(3, 0, 0) +
          command(9, 3, 1) + command(1, 0, 3) + turn(0, compute))


def main():
    multiboot2()
    acpi()
    elf_images()
    lines()
    monitor()
    hypercall()
    return 0


if __name__ == "__main__":
    sys.exit(main())
