# SPDX-License-Identifier: BSD-2-Clause
"""Recordings of a terminal as asciicast v2 files, and what the terminal shows while one is played.

A cast is a line of JSON, the header, and then one line for each event: [seconds, kind, text]. Of the kinds that the
format has, "o" is what was printed, "i" what was typed, and "m" a marker: here the words that stand above the picture
from then on. `asciinema play` plays such a file.
"""

import json
from dataclasses import dataclass

import pyte

STEP_S = 0.04  # what comes closer together is one frame
KINDS = ("o", "i", "m")


class CastError(Exception):
    """The recording cannot be read or shown; the text says why."""


@dataclass
class Cast:
    """A recording: the size of the terminal, and events as (seconds, kind, text) in the order of time."""

    width: int
    height: int
    title: str
    idle_limit_s: float  # a longer silence is shown as long as this
    events: list

    def shown(self):
        """The same events at the times at which they are shown: each silence is cut to the limit."""
        printed = at = 0.0
        events = []
        for time, kind, text in self.events:
            now = at + min(time - printed, self.idle_limit_s)
            events.append((now, kind, text))
            if kind == "o":
                printed, at = time, now
        return events


@dataclass(frozen=True)
class Frame:
    """What the terminal shows from `time` on. A row is a tuple of (text, reverse) pairs."""

    time: float
    caption: str
    rows: tuple
    cursor: tuple  # (row, column), or None where it is hidden


def read(file):
    """Reads a cast."""
    lines = file.read_text(encoding="utf-8").splitlines()
    try:
        header, *events = [json.loads(line) for line in lines]
        if header["version"] != 2:
            raise CastError(f"{file}: this is version {header['version']} of the format; version 2 is read")
        events = [(float(time), kind, text) for time, kind, text in events]
        cast = Cast(header["width"], header["height"], header.get("title", ""),
                    header.get("idle_time_limit", float("inf")), events)
    except (ValueError, KeyError, TypeError) as error:
        raise CastError(f"{file}: no asciicast: {error!r}") from None
    if unknown := {kind for _, kind, _ in events} - set(KINDS):
        raise CastError(f"{file}: has events of the kinds {sorted(unknown)}; {', '.join(KINDS)} are shown")
    return cast


def write(file, cast, env):
    """Writes a cast; `env` are the environment's words that the header names."""
    header = {"version": 2, "width": cast.width, "height": cast.height, "title": cast.title,
              "idle_time_limit": cast.idle_limit_s, "env": env}
    file.write_text("".join(json.dumps(line) + "\n" for line in (header, *cast.events)), encoding="utf-8")


def screen_row(screen, y):
    """One row of the screen as runs of (text, reverse), without the blanks at its end."""
    runs = []
    for x in range(screen.columns):
        cell = screen.buffer[y][x]
        if (cell.fg, cell.bg) != ("default", "default"):
            raise CastError(f"row {y + 1} has a cell in {cell.fg} on {cell.bg}; colours are not drawn")
        if runs and runs[-1][1] == cell.reverse:
            runs[-1][0].append(cell.data)
        else:
            runs.append(([cell.data], cell.reverse))
    row = [("".join(cells), reverse) for cells, reverse in runs]
    if not row[-1][1]:
        row[-1] = (row[-1][0].rstrip(), False)
    return tuple(run for run in row if run[0])


def frames(cast):
    """Plays a cast; returns the Frames that differ from those before."""
    screen = pyte.Screen(cast.width, cast.height)
    stream = pyte.Stream(screen)
    found, caption = [], ""
    rows = [()] * cast.height
    screen.dirty.clear()
    for time, kind, text in cast.shown():
        if kind == "o":
            stream.feed(text)
            for y in screen.dirty:
                rows[y] = screen_row(screen, y)
            screen.dirty.clear()
        elif kind == "m":
            caption = text
        else:
            continue
        begin = time
        if found and time - found[-1].time < STEP_S:
            begin = found.pop().time
        cursor = None if screen.cursor.hidden else (screen.cursor.y, min(screen.cursor.x, cast.width - 1))
        frame = Frame(begin, caption, tuple(rows), cursor)
        if not found or (frame.caption, frame.rows, frame.cursor) != (found[-1].caption, found[-1].rows, found[-1].cursor):
            found.append(frame)
    if not found:
        raise CastError("the cast shows nothing")
    return found
