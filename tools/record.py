#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records a session with Lull (`make record`): a person types `make run`, and then at the monitor's prompt.

A shell runs in a terminal of its own, and this tool types, at the pace of a person, waiting for what it needs to see.
What the terminal was sent, and when, becomes an asciicast (tools/cast.py), and that a picture (tools/cast_svg.py).
Nothing is touched up: the figures are those of this machine in real time. Players show a silence of three seconds at
most; the header asks them to.
"""

import argparse
import codecs
import os
import random
import sys
import time
from pathlib import Path

import pexpect
import pyte

import cast as casts
import cast_svg
import qemu

COLUMNS, ROWS = 92, 26
IDLE_LIMIT_S = 3.0
TITLE = "Lull: ten guests with a tick and tickless, and one that is switched while it runs"
ENV = {"TERM": "xterm-256color", "SHELL": "/bin/bash"}

# Real seconds until what is waited for has come; only a hang comes near.
TIMEOUT_S = 300

MENU = "Press enter to boot"
DEMO = "demo: 10 guests"
COMPARED = "demo: phase tickless ends"
PROMPT = "lull> "
TOP_NOW = "hw irq/s, now"

# The caption under which the table stands: the picture where pictures do not move.
TABLE_CAPTION = "The same guests, the same work: static ticks against tickless"


class Recorder:
    """A shell in a terminal, and all that passes between them."""

    def __init__(self, pace):
        """`pace` is 1 for that of a person, 0 for no pauses at all."""
        self.pace = pace
        self.events = []
        self.waited = ""
        self.random = random.Random(1)  # the same rhythm every time
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        env.update(ENV, PS1="$ ", HISTFILE="")  # what is typed here is not for the user's history
        self.child = pexpect.spawn("/bin/bash", ["--noprofile", "--norc", "--noediting"], echo=True, timeout=TIMEOUT_S,
                                   dimensions=(ROWS, COLUMNS), env=env)
        self.child.delaybeforesend = None
        # The monitor asks the terminal where its cursor is; this one answers.
        self.terminal = pyte.Screen(COLUMNS, ROWS)
        self.terminal.write_process_input = self.child.send
        self.stream = pyte.Stream(self.terminal)
        self.began = time.monotonic()
        self.child.logfile_read = self

    def write(self, data):
        """pexpect calls this with all that is printed, as it comes."""
        text = self.decoder.decode(data)
        self.note("o", text)
        self.stream.feed(text)

    def flush(self):
        """pexpect calls this too."""

    def note(self, kind, text):
        self.events.append((round(time.monotonic() - self.began, 3), kind, text))

    def caption(self, text):
        self.note("m", text)

    def wait(self, *patterns):
        """Waits for one of the patterns; returns which."""
        self.waited = " or ".join(map(repr, patterns))
        return self.child.expect(list(patterns))

    def look(self, seconds):
        """Looks at what is there for a while; what comes meanwhile is kept for wait()."""
        if self.pace:
            self.child.expect(pexpect.TIMEOUT, timeout=seconds * self.pace)

    def press(self, key):
        self.note("i", key)
        self.child.send(key)

    def type(self, line, hesitate=0.4):
        """Types a line, and Enter after `hesitate` seconds: while what is on the screen is still being read."""
        for key in line:
            self.press(key)
            self.look(self.random.uniform(0.05, 0.12) + (0.08 if key == " " else 0))
        self.look(hesitate)
        self.press("\r")

    def end(self):
        """Ends the recording, and then, in order, what still runs."""
        self.child.logfile_read = None
        self.child.send("\x01x")
        self.wait(r"\$ $")
        self.child.send("exit\r")
        self.wait(pexpect.EOF)

    def cast(self):
        return casts.Cast(COLUMNS, ROWS, TITLE, IDLE_LIMIT_S, list(self.events))


def watch_top(recorder, hesitate=0.4):
    """`top`, until it has shown what happens now; a person looks once more."""
    recorder.type("top", hesitate)
    for _ in range(2 if recorder.pace else 1):
        recorder.wait(TOP_NOW)
    recorder.look(1.6)
    recorder.press("q")
    recorder.wait(PROMPT)
    recorder.look(0.5)


def session(recorder, command):
    """What is recorded."""
    recorder.wait(r"\$ ")
    recorder.caption("Ten guests with a 1000 Hz tick each, then the same ten tickless")
    recorder.look(0.8)
    recorder.type(command)
    if recorder.wait(MENU, DEMO) == 0:
        recorder.look(1.2)
        recorder.press("\r")
    recorder.wait(COMPARED)
    recorder.caption(TABLE_CAPTION)
    recorder.wait(PROMPT)
    recorder.look(3)
    recorder.caption("Tickless: each guest is interrupted when it asked to be, and not otherwise")
    watch_top(recorder, hesitate=2.8)
    recorder.caption("One guest gets a 1000 Hz tick, while it runs")
    recorder.type("mode guest.0 hz=1000")
    recorder.wait(PROMPT)
    watch_top(recorder)
    recorder.caption("And back to tickless")
    recorder.type("mode guest.0 tickless")
    recorder.wait(PROMPT)
    watch_top(recorder)
    recorder.caption("All that is armed: each guest's next event, and the painting of the screen")
    recorder.type("timers")
    recorder.wait(PROMPT)
    recorder.look(1)


def record(command, pace):
    """Records a session that begins with the shell command `command`; returns the cast.

    Raises CastError if something that it waited for did not come.
    """
    recorder = Recorder(pace)
    try:
        session(recorder, command)
        recorder.end()
        return recorder.cast()
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        shown = "\n".join(row.rstrip() for row in recorder.terminal.display).rstrip()
        raise casts.CastError(f"{type(error).__name__} while waiting for {recorder.waited}; the terminal shows\n{shown}") \
            from None
    finally:
        qemu.end(recorder.child)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="make run", help="what is typed in the shell (default: %(default)s)")
    parser.add_argument("--output", default="tools/record", metavar="DIR", help="folder for demo.cast and demo.svg")
    options = parser.parse_args()
    try:
        cast = record(options.command, 1)
        svg = cast_svg.render(cast, TABLE_CAPTION)
    except casts.CastError as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    casts.write(folder / "demo.cast", cast, ENV)
    (folder / "demo.svg").write_text(svg, encoding="utf-8")
    seconds = casts.frames(cast)[-1].time
    print(f"record: {seconds:.0f} s, {len(svg) / 1024:.0f} KiB: {folder}/demo.svg; "
          f"`asciinema play {folder}/demo.cast` plays it in a terminal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
