#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws an asciicast v2 file as an SVG that plays by itself, over and over, wherever a picture can stand.

What a row of the terminal shows is drawn once, and shown while the row shows it: style sheets do that, there is no
script, no font and nothing from elsewhere. Where pictures are not to move (a reader's wish, or a program that cannot)
one frame stands still: the last one under the caption --poster, or the last of all.
"""

import argparse
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import cast as casts

FONT_PX = 14
CELL_PX = 8.4  # most monospaced fonts are 0.6 em wide; the others are spaced to it
LINE_PX = 18
BASELINE_PX = 13.5
MARGIN_PX = 16
BAR_PX = 34  # above the terminal, with the caption
CAPTION_PX = 22  # its baseline
HOLD_S = 4.0  # the last frame, before it begins again

# A prompt, and what a person typed at it, stand out from what was printed.
PROMPT = re.compile(r"(\$|lull>)( .*)?")

# Colours stand twice and not in variables: simple programs that draw SVG know no variables.
STYLE = """\
text {{ font: {font}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }}
.caption {{ font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-weight: 600; }}
.b {{ font-weight: bold; }}
.u {{ opacity: .7; }}
.ground {{ fill: #fbfcfd; stroke: #d0d7de; }}
.bar {{ fill: #eaeef2; }}
text, .k {{ fill: #24292f; }}
.r {{ fill: #fbfcfd; }}
.p, .t {{ fill: #0969da; }}
.u {{ fill: #57606a; }}
.t {{ transform: scaleX(0); }}
.f > g {{ visibility: hidden; }}
.f > .s {{ visibility: visible; }}
@media (prefers-color-scheme: dark) {{
  .ground {{ fill: #0f141a; stroke: #3b434d; }}
  .bar {{ fill: #1c232c; }}
  text, .k {{ fill: #d5dce3; }}
  .r {{ fill: #0f141a; }}
  .p, .t {{ fill: #6cb6ff; }}
  .u {{ fill: #9aa6b2; }}
}}
@media (prefers-reduced-motion: no-preference) {{
  .f > g {{ animation-duration: {total}s; animation-timing-function: step-end; animation-iteration-count: infinite; }}
  .t {{ animation: t {total}s linear infinite; }}
}}
@keyframes t {{ to {{ transform: scaleX(1); }} }}
"""


def number(value):
    """A number as short as it can be written."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def run(x, y, text, style):
    """Text in the grid of cells, from column `x` of row `y`."""
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    if not text:
        return ""
    style = f' class="{style}"' if style else ""
    return (f'<text x="{number((x + lead) * CELL_PX)}" y="{number(y * LINE_PX + BASELINE_PX)}" '
            f'textLength="{number(len(text) * CELL_PX)}"{style}>{escape(text)}</text>')


def block(x, y, cells, style):
    return (f'<rect class="{style}" x="{number(x * CELL_PX)}" y="{number(y * LINE_PX)}" '
            f'width="{number(cells * CELL_PX)}" height="{LINE_PX}"/>')


def draw_row(y, row, cursor):
    """One row of the terminal; `cursor` is its column, or None where it is elsewhere."""
    drawn, x = "", 0
    typed = PROMPT.fullmatch("".join(text for text, _ in row))
    if typed:
        drawn = run(0, y, typed[1], "p") + run(len(typed[1]), y, typed[2] or "", "b")
    else:
        for text, reverse in row:
            drawn += (block(x, y, len(text), "k") if reverse else "") + run(x, y, text, "r" if reverse else "")
            x += len(text)
    return drawn + (block(cursor, y, 1, "u") if cursor is not None else "")


def draw_caption(caption):
    y = number(CAPTION_PX - BAR_PX - MARGIN_PX)
    return f'<text class="caption" x="0" y="{y}">{escape(caption)}</text>' if caption else ""


def parts(frame):
    """What a frame consists of, as texts of SVG; parts that stay are the same text."""
    row, column = frame.cursor or (None, None)
    drawn = [draw_row(y, cells, column if y == row else None) for y, cells in enumerate(frame.rows)]
    return [draw_caption(frame.caption), *drawn]


def spans(frames):
    """{(first frame, frame behind the last): parts}: what is shown from when to when."""
    found = {}
    frames = [parts(frame) for frame in frames]
    since = [0] * len(frames[0])
    for at in range(1, len(frames) + 1):
        for place, first in enumerate(since):
            part = frames[first][place]
            if at < len(frames) and frames[at][place] == part:
                continue
            if part:
                found.setdefault((first, at), []).append(part)
            since[place] = at
    return dict(sorted(found.items()))


def keyframes(name, begin, end):
    """The rule that shows something from `begin` to `end`, in percent of the whole."""
    before = "" if begin == 0 else "0%{visibility:hidden}"
    behind = "" if end == 100 else f"{number(end)}%{{visibility:hidden}}"
    return f"@keyframes {name}{{{before}{number(begin)}%{{visibility:visible}}{behind}}}\n"


def render(cast, poster=None):
    """The text of the SVG. Raises CastError if the cast cannot be drawn, or has no caption `poster`."""
    frames = casts.frames(cast)
    still = [i for i, frame in enumerate(frames) if poster in (None, frame.caption)]
    if not still:
        raise casts.CastError(f"no frame has the caption {poster!r}")
    # The picture begins with the first frame.
    times = [frame.time - frames[0].time for frame in frames]
    times.append(times[-1] + HOLD_S)
    groups, keys = [], []
    for i, ((first, behind), drawn) in enumerate(spans(frames).items()):
        keys.append(keyframes(f"a{i}", 100 * times[first] / times[-1], 100 * times[behind] / times[-1]))
        stands = ' class="s"' if first <= still[-1] < behind else ""
        groups.append(f'<g{stands} style="animation-name:a{i}">{"".join(drawn)}</g>\n')
    width = cast.width * CELL_PX + 2 * MARGIN_PX
    height = cast.height * LINE_PX + 2 * MARGIN_PX + BAR_PX
    right = width - 1
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" height="{number(height)}" '
            f'viewBox="0 0 {number(width)} {number(height)}" role="img" aria-labelledby="title" xml:space="preserve">\n'
            f'<title id="title">{escape(cast.title)}</title>\n'
            f"<style>\n{STYLE.format(font=FONT_PX, total=number(times[-1]))}{''.join(keys)}</style>\n"
            f'<rect class="ground" x=".5" y=".5" width="{number(right)}" height="{number(height - 1)}" rx="8"/>\n'
            f'<path class="bar" d="M1 {BAR_PX}V8.5Q1 1 8.5 1H{number(right - 7.5)}Q{number(right)} 1 {number(right)} 8.5'
            f'V{BAR_PX}Z"/>\n'
            f'<rect class="t" x="1" y="{BAR_PX - 1}" width="{number(right - 1)}" height="2"/>\n'
            f'<g class="f" transform="translate({MARGIN_PX} {MARGIN_PX + BAR_PX})">\n{"".join(groups)}</g>\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cast")
    parser.add_argument("svg", help="the file to write")
    parser.add_argument("--poster", metavar="CAPTION", help="what stands where nothing may move")
    options = parser.parse_args()
    try:
        text = render(casts.read(Path(options.cast)), options.poster)
    except (casts.CastError, OSError) as error:
        print(f"cast_svg: {error}", file=sys.stderr)
        return 1
    Path(options.svg).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
