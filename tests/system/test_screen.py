# SPDX-License-Identifier: BSD-2-Clause
"""What goes over the serial line is on the screen too: read back from a picture of it, dot by dot.

QEMU takes the picture. Where Lull draws, the picture is read by the font that it draws with. In text mode the machine's
own VGA draws: there each character that was written must have a look of its own, the same wherever it stands.
"""

import re
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))

import mkfont  # noqa: E402
import mkiso  # noqa: E402
from conftest import until  # noqa: E402

GUESTS = [("guest", "guest mem=1M -- work=idle")]
MONITOR_KEY = "\x01c"  # Ctrl-A C switches between the serial line and QEMU's monitor


class Picture:
    """A binary PPM file: lit and black dots."""

    def __init__(self, file):
        magic, size, depth, data = file.read_bytes().split(b"\n", 3)
        self.width, self.height = map(int, size.split())
        assert magic == b"P6" and depth == b"255" and len(data) == 3 * self.width * self.height
        self.lit = [any(data[i:i + 3]) for i in range(0, len(data), 3)]

    def cells(self, width, height):
        """The rows of cells, each cell a tuple of its rows of dots as numbers."""
        def cell(left, top):
            return tuple(sum(self.lit[(top + y) * self.width + left + x] << (width - 1 - x) for x in range(width))
                         for y in range(height))
        return [[cell(left, top) for left in range(0, self.width - width + 1, width)]
                for top in range(0, self.height - height + 1, height)]


def rows_of(text, columns, rows):
    """What a screen shows of `text` when it has scrolled to its end."""
    lines = []
    for line in text.split("\n"):
        pieces = [line[at:at + columns] for at in range(0, len(line), columns)] or [""]
        lines += [piece.ljust(columns) for piece in pieces]
    return (lines + [" " * columns] * rows)[:rows] if len(lines) < rows else lines[-rows:]


def read_by_font(picture):
    known = {glyph: character for character, glyph in mkfont.read(TOP / "hv/dev/screen_font.txt").items()}
    return ["".join(known.get(cell, "\ufffd") for cell in row)
            for row in picture.cells(mkfont.CELL_WIDTH, mkfont.CELL_HEIGHT)]


def read_by_looks(picture, expected):
    """As read_by_font() where another's font is used: a cell reads as the character that is expected of its looks."""
    cells = picture.cells(9, 16)
    known, names = {}, {}
    for row, text in zip(cells, expected):
        for look, character in zip(row, text):
            assert names.setdefault(character, look) == look, f"`{character}` does not look the same everywhere"
            assert known.setdefault(look, character) == character, f"`{character}` looks like `{known[look]}`"
    return ["".join(known.get(look, "\ufffd") for look in row) for row in cells]


class Screen:
    """A machine at its prompt, and the way to a picture of its screen."""

    def __init__(self, machine, folder):
        self.machine = machine
        self.folder = folder
        self.said = machine.prompt() + "lull> "

    def type(self, command):
        self.said += f"{command}\n{self.machine.command(command)}lull> "

    def monitor(self, command):
        self.machine.child.send(MONITOR_KEY)
        self.machine.expect(r"\(qemu\)")
        self.machine.child.send(command + "\n")
        self.machine.expect(r"\(qemu\)")
        self.machine.child.send(MONITOR_KEY)

    def picture(self):
        file = self.folder / "screen.ppm"
        file.unlink(missing_ok=True)
        self.monitor(f"screendump {file}")
        return Picture(file)

    def shown(self):
        """What Lull has said, from its first line on."""
        first = re.search(r"^\[ +\] screen: ", self.said, re.MULTILINE)
        assert first, f"nothing about a screen. Serial output:\n{self.said}"
        return self.said[first.start():]

    def check(self, columns, rows, read):
        """Waits until the screen shows what was said; the painting takes a moment."""
        expected = rows_of(self.shown(), columns, rows)
        seen = []

        def painted():
            seen[:] = read(self.picture(), expected)
            return seen == expected

        def difference():
            return "\n".join(line.rstrip() for line in [*expected, "the screen shows", *seen])

        until(painted, difference)


@pytest.fixture
def screen(console, tmp_path):
    def start(boot_line="mode=interactive", **machine):
        return Screen(console(boot_line, GUESTS, serial="mon:stdio", **machine), tmp_path)
    return start


def by_font(picture, expected):
    assert picture.width == 1024
    return read_by_font(picture)


def by_looks(picture, expected):
    try:
        return read_by_looks(picture, expected)
    except AssertionError as wrong:
        return [str(wrong)]


# UEFI always gives a framebuffer, a BIOS where GRUB has a driver for the card.
@pytest.mark.parametrize("uefi", [False, True])
def test_framebuffer(screen, uefi):
    machine = screen(screen="graphics", uefi=uefi)
    assert "screen: 1024 x 768, 32 bits a pixel" in machine.said
    machine.check(128, 48, by_font)
    for _ in range(3):
        machine.type("help")
        machine.type("version")
    assert machine.shown().count("\n") > 60  # it has scrolled
    machine.check(128, 48, by_font)


def test_text_mode(screen):
    """Twenty screenfuls: the VGA's window has ended, and the text gone back to its beginning."""
    machine = screen()
    assert "screen: text mode, 80 x 25" in machine.said
    machine.check(80, 25, by_looks)
    while machine.shown().count("\n") < 20 * 25:
        machine.type("help")
    machine.check(80, 25, by_looks)


def test_without_a_mode_there_is_text(screen, monkeypatch):
    """Where GRUB finds no mode as wanted, it gives text."""
    monkeypatch.setitem(mkiso.SCREENS, "graphics", ["    set gfxpayload=9999x9999"])
    machine = screen(screen="graphics")
    assert "screen: text mode, 80 x 25" in machine.said
    machine.check(80, 25, by_looks)


def test_other_card(screen):
    """One that has no 32 bits a pixel."""
    machine = screen(screen="graphics", vga="cirrus")
    assert re.search(r"screen: 1024 x 768, (16|24) bits a pixel", machine.said), machine.said
    machine.check(128, 47, by_font)  # QEMU shows 767 rows of pixels of this one


def test_without_a_card(screen):
    assert "local APIC" in screen(screen="graphics", vga="none").said


@pytest.mark.parametrize("kind", ["graphics", "text"])
def test_panic_is_shown(screen, kind):
    machine = screen("mode=interactive exit=none", screen=kind)
    machine.machine.child.send(MONITOR_KEY)
    machine.machine.expect(r"\(qemu\)")
    machine.machine.child.send("nmi\n")
    before, match = machine.machine.expect(r"panic: the machine is halted; reset it or switch it off \(.*?\)")
    machine.machine.child.send(MONITOR_KEY)
    report = before.partition("\npanic: non-maskable interrupt\n")
    assert report[1], before
    machine.said += report[1] + report[2] + match.group(0).decode() + "\n"
    machine.check(*((128, 48, by_font) if kind == "graphics" else (80, 25, by_looks)))


def test_screen_off(screen):
    machine = screen("mode=interactive screen=off", screen="graphics")
    assert "screen:" not in machine.said
    assert "local APIC" in machine.said
    assert not any("APIC" in row or "lull>" in row for row in read_by_font(machine.picture()))
