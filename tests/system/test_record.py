# SPDX-License-Identifier: BSD-2-Clause
"""The recorded session: casts are drawn as what a terminal shows, and the picture in README.md shows this build."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cast as casts
import cast_svg
import pytest
import record

SVG = "{http://www.w3.org/2000/svg}"
RECORDED = Path("tools/record/demo.cast")
DRAWN = Path("tools/record/demo.svg")
MAX_BYTES = 100_000

# A command is typed; what it prints is cleared after a long silence, under another caption.
EVENTS = [(0.0, "o", "$ "), (0.5, "m", "one"), (1.0, "i", "l"), (1.0, "o", "l"), (1.5, "o", "s"),
          (2.0, "o", "\r\nA & <b>\r\n"), (2.01, "o", "\x1b[?25l"), (60.0, "m", "two"),
          (62.0, "o", "\x1b[2J\x1b[H  at \x1b[7m 1 \x1b[m\x1b[3;1Hend")]


def a_cast(events=EVENTS):
    return casts.Cast(10, 3, "a & b", 3.0, list(events))


class Picture:
    """An SVG, played by its own style sheet."""

    def __init__(self, text):
        root = ElementTree.fromstring(text)
        self.style = root.find(f"{SVG}style").text
        self.groups = root.find(f"{SVG}g").findall(f"{SVG}g")
        self.total = float(re.search(r"animation-duration: ([\d.]+)s", self.style)[1])
        self.keys = {name: [(float(percent), what) for percent, what in re.findall(r"([\d.]+)%{visibility:(\w+)}", body)]
                     for name, body in re.findall(r"@keyframes (a\d+){(.*)}$", self.style, re.MULTILINE)}

    def groups_at(self, seconds):
        percent = 100 * seconds / self.total
        for group in self.groups:
            steps = self.keys[re.fullmatch(r"animation-name:(a\d+)", group.get("style"))[1]]
            if [what for at, what in steps if at <= percent][-1] == "visible":
                yield group

    @staticmethod
    def rows(groups):
        """(caption, {row: text}) of what these groups draw. What is drawn twice in a place would show here."""
        caption, cells = "", {}
        for text in (text for group in groups for text in group.findall(f"{SVG}text")):
            if text.get("class") == "caption":
                assert not caption
                caption = text.text
                continue
            y = (float(text.get("y")) - cast_svg.BASELINE_PX) / cast_svg.LINE_PX
            assert float(text.get("textLength")) == pytest.approx(len(text.text) * cast_svg.CELL_PX, abs=0.01)
            for x, letter in enumerate(text.text, round(float(text.get("x")) / cast_svg.CELL_PX)):
                assert (y, x) not in cells
                cells[y, x] = letter
        rows = {y: "".join(cells.get((y, x), " ") for x in range(1 + max(x for row, x in cells if row == y)))
                for y in {y for y, _ in cells}}
        return caption, rows

    def at(self, seconds):
        return self.rows(self.groups_at(seconds))

    def poster(self):
        return self.rows(group for group in self.groups if group.get("class") == "s")


def rows_of(frame):
    """A frame as Picture shows it; blanks in reverse are shown by their ground, not by text."""
    rows = {y: "".join(text for text, _ in row).rstrip() for y, row in enumerate(frame.rows)}
    return frame.caption, {y: text for y, text in rows.items() if text}


def test_a_cast_is_drawn_as_it_was():
    picture = Picture(cast_svg.render(a_cast()))
    assert picture.total == 2.01 + 3.0 + cast_svg.HOLD_S  # sixty seconds of silence are three
    assert picture.at(0.2) == ("", {0: "$"})
    assert picture.at(0.7) == ("one", {0: "$"})
    assert picture.at(1.2) == ("one", {0: "$ l"})
    assert picture.at(1.7) == ("one", {0: "$ ls"})
    for seconds in (2.1, 4.9):
        assert picture.at(seconds)[1] == {0: "$ ls", 1: "A & <b>"}
    for seconds in (5.1, 8.9):
        assert picture.at(seconds) == ("two", {0: "  at  1", 2: "end"})


def test_the_poster_is_the_last_frame_of_its_caption():
    assert Picture(cast_svg.render(a_cast())).poster() == ("two", {0: "  at  1", 2: "end"})
    assert Picture(cast_svg.render(a_cast(), "one")).poster() == ("one", {0: "$ ls", 1: "A & <b>"})
    with pytest.raises(casts.CastError, match="three"):
        cast_svg.render(a_cast(), "three")


def test_reverse_and_cursor_are_blocks():
    text = cast_svg.render(a_cast())
    blocks = re.findall(r'<rect class="(\w)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"', text)
    assert ("k", "42", "0", "25.2") in blocks  # three cells from the fifth on
    cursors = [float(x) / cast_svg.CELL_PX for kind, x, y, _ in blocks if kind == "u" and y == "0"]
    assert cursors[:3] == [2, 3, 4]
    assert '<text x="50.4" y="13.5" textLength="8.4" class="r">1</text>' in text


def test_a_cast_survives_its_file(tmp_path):
    casts.write(tmp_path / "x.cast", a_cast(), record.ENV)
    assert casts.read(tmp_path / "x.cast") == a_cast()
    first, last = cast_svg.render(a_cast()), cast_svg.render(casts.read(tmp_path / "x.cast"))
    assert first == last


@pytest.mark.parametrize("text, why", [
    ("", "no asciicast"),
    ("hello\n", "no asciicast"),
    ('{"version": 3, "term": {"cols": 80}}\n', "version 3"),
    ('{"version": 2, "width": 8}\n', "height"),
    ('{"version": 2, "width": 8, "height": 2}\n[0.1, "r", "9x9"]\n', "kinds"),
])
def test_what_is_no_cast_is_refused(tmp_path, text, why):
    (tmp_path / "x.cast").write_text(text, encoding="utf-8")
    with pytest.raises(casts.CastError, match=why):
        casts.read(tmp_path / "x.cast")


@pytest.mark.parametrize("events, why", [([], "nothing"), ([(0.0, "o", "\x1b[31mred")], "colours")])
def test_what_cannot_be_drawn_is_refused(events, why):
    with pytest.raises(casts.CastError, match=why):
        cast_svg.render(a_cast(events))


def test_the_picture_is_that_of_the_recording():
    text = DRAWN.read_text(encoding="utf-8")
    cast = casts.read(RECORDED)
    assert text == cast_svg.render(cast, record.TABLE_CAPTION), "tools/cast_svg.py draws it anew"
    assert len(text) < MAX_BYTES
    # Nothing that a page would have to fetch or run.
    assert not re.search(r"<script|<image|<use|<foreignObject|href|url\(|@import|@font-face|\bon\w+=", text)
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert str(DRAWN) in Path("README.md").read_text(encoding="utf-8")

    picture, frames = Picture(text), casts.frames(cast)
    ends = [frame.time for frame in frames[1:]] + [frames[-1].time + cast_svg.HOLD_S]
    for frame, end in zip(frames, ends):
        assert picture.at((frame.time + end) / 2 - frames[0].time) == rows_of(frame)
    caption, rows = picture.poster()
    assert caption == record.TABLE_CAPTION and "static         tickless" in "\n".join(rows.values())


def printed(cast):
    """All that came from the first line of the demonstration on, line by line."""
    text = "".join(text for _, kind, text in cast.events if kind == "o").replace("\x1b[H", "\n").replace("\r", "")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return text[text.index(record.DEMO):].splitlines()


def shapes(cast):
    """What is printed, without what may differ from run to run: figures, states, who has a timer. A set."""
    found = set()
    for line in printed(cast):
        if line.startswith(("lull>", "[")):
            continue  # typed while it is edited, and the log
        line = re.sub(r"(hw irq/s), (now|since boot)", r"\1", line)
        line = re.sub(r" \([\d.]+ times less\)", "", line)
        line = re.sub(r"\b(blocked|running|runnable)\b", "STATE", line)
        line = re.sub(r"(slack \S+) .*", r"\1 TIMER", line)
        line = re.sub(r"(?<!\w)[-+]?\d[\d.]*[a-z]?\b|(?<= )-(?= |$)", "#", line)
        found.add(" ".join(line.split()))
    return found


def typed(cast):
    """What was typed after the shell's command, but for Enter at the boot menu."""
    return "".join(text for _, kind, text in cast.events if kind == "i").partition("\r")[2].lstrip("\r")


def test_the_recording_is_what_this_build_says(iso, entry, monkeypatch, tmp_path):
    """The same session again, typed without a pause: the same commands are known and print the same, but for figures."""
    monkeypatch.setenv("HOME", str(tmp_path))
    boot_line, modules = entry("demo")
    again = record.record(f"{sys.executable} tools/demo.py run {iso(f'{boot_line} demo_seconds=1', modules)}", 0)
    cast = casts.read(RECORDED)
    assert typed(cast) == typed(again), "the recording is not this session; `make record` makes another"
    assert shapes(cast) ^ shapes(again) == set(), "the recording is not what this build prints; `make record` makes another"
    assert not (tmp_path / ".bash_history").exists()
