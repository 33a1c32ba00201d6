#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the screen's font a C table: mkfont.py hv/dev/screen_font.txt > build/screen_font.c

Other tools read the same drawing by read(), so that they can tell characters in a picture of the screen.
"""

import sys
from pathlib import Path

FIRST, LAST = " ", "~"
CELL_WIDTH, CELL_HEIGHT = 8, 16
GLYPH_WIDTH, GLYPH_ROWS = 6, 12
LEFT, TOP = 1, 3


class FontError(Exception):
    """The drawing is not what its head says; the text says where."""


def bits(dots, place):
    """One row of a character as a byte, the leftmost dot of the cell in the highest bit."""
    if len(dots) != GLYPH_WIDTH or set(dots) - {"#", "."}:
        raise FontError(f"{place}: `{dots}` is not {GLYPH_WIDTH} dots, each # or .")
    return sum(1 << (CELL_WIDTH - 1 - LEFT - i) for i, dot in enumerate(dots) if dot == "#")


def read(path):
    """Returns {character: tuple of 16 bytes} for all characters from ' ' to '~'."""
    glyphs, band, rows = {}, "", []
    lines = Path(path).read_text(encoding="ascii").splitlines()
    for number, line in enumerate([*lines, "="], 1):
        place = f"{path}:{number}"
        if line.startswith("="):
            if band and len(rows) != GLYPH_ROWS:
                raise FontError(f"{place}: the band above has {len(rows)} rows, not {GLYPH_ROWS}")
            for i, character in enumerate(band):
                if character in glyphs:
                    raise FontError(f"{place}: `{character}` is drawn twice")
                drawn = [row[i] for row in rows]
                glyphs[character] = tuple([0] * TOP + drawn + [0] * (CELL_HEIGHT - TOP - GLYPH_ROWS))
            band, rows = line[2::2], []
        elif line and not line.startswith("# "):
            rows.append([bits(dots, place) for dots in line.split()])
            if len(rows[-1]) != len(band):
                raise FontError(f"{place}: {len(rows[-1])} characters in a band of {len(band)}")
    missing = [chr(c) for c in range(ord(FIRST), ord(LAST) + 1) if chr(c) not in glyphs]
    if missing:
        raise FontError(f"{path}: not drawn: {' '.join(missing)}")
    if len(set(glyphs.values())) != len(glyphs):
        raise FontError(f"{path}: two characters look the same")
    return glyphs


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: mkfont.py FONT.TXT > FONT.C")
    try:
        glyphs = read(sys.argv[1])
    except FontError as error:
        sys.exit(f"mkfont: {error}")
    print(f"// SPDX-License-Identifier: BSD-2-Clause\n// Made by tools/mkfont.py of {sys.argv[1]}.\n"
          "#include \"dev/screen_font.h\"\n\n"
          "const uint8_t screen_font[SCREEN_FONT_GLYPHS][SCREEN_FONT_HEIGHT] = {")
    for code in range(ord(FIRST), ord(LAST) + 1):
        print("    { " + ", ".join(f"0x{row:02x}" for row in glyphs[chr(code)]) + " },")
    print("};")


if __name__ == "__main__":
    main()
