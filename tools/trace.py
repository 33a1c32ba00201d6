#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws what the hypervisor's trace recorded: as JSON for the Perfetto UI (https://ui.perfetto.dev) and as an SVG time line.

`demo` boots an ISO that sends its trace to the second serial port (make trace). `decode` takes a file with what came there, as from

    qemu-system-x86_64 ... -serial stdio -serial file:trace.bin
    lull> trace on
    lull> trace dump

What is damaged or missing is named and left out; the exit status is 1 then.
"""

import argparse
import sys
from pathlib import Path

import figures
import qemu
import trace_json
import trace_stream
import trace_svg
from trace_story import Story

TIMEOUT_S = 600
DEMO_TITLE = "Ten guests with a tick of 1000 Hz, then the same ten tickless"


def summary(story):
    trace = story.trace
    lines = [f"{len(trace.records)} records; CPUs: {len(story.cpus)}, guests: {len(trace.guests)}; "
             f"{trace_svg.duration(story.end - story.start)}; {sum(trace.lost.values())} older ones were overwritten"]
    for phase in story.phases():
        count = sum(phase.start <= interrupt.ns < phase.end for interrupt in story.interrupts)
        lines.append(f"{phase.name}: {trace_svg.rate(count, phase.end - phase.start)}: {count} hardware interrupts "
                     f"in {trace_svg.duration(phase.end - phase.start)}")
    return lines


def publish(data, base, title):
    """Writes BASE.json and BASE.svg of the bytes; returns what is wrong with them, as sentences."""
    story = Story(trace_stream.read(data))
    base.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, text in ((".json", trace_json.render(story)), (".svg", trace_svg.render(story, title))):
        written.append(base.with_name(base.name + suffix))
        written[-1].write_text(text, encoding="utf-8")
    print(*summary(story), sep="\n")
    print(f"trace: written to {written[0]} (open it in https://ui.perfetto.dev) and {written[1]}")
    problems = list(story.trace.problems)
    if story.trace.passed_over:
        problems.append(f"and {story.trace.passed_over} more")
    return problems


def demo(options):
    base = Path(options.output)
    stream = base.with_name(base.name + ".bin")
    base.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".bin", ".json", ".svg"):
        base.with_name(base.name + suffix).unlink(missing_ok=True)  # a failed run leaves nothing, not even old ones
    output, problems = figures.boot(options.iso, options, TIMEOUT_S, second=f"file:{stream}")
    if problems:
        print(output)
        return problems
    return publish(stream.read_bytes(), base, DEMO_TITLE)


def decode(options):
    file = Path(options.file)
    return publish(file.read_bytes(), Path(options.output) if options.output else file.with_suffix(""), options.title)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    booted = what.add_parser("demo", help="boot an ISO and draw the trace that it sends")
    booted.add_argument("iso")
    booted.add_argument("--output", default="build/trace", metavar="BASE", help="BASE.bin, .json and .svg are written")
    qemu.add_options(booted)
    booted.set_defaults(run=demo)
    decoded = what.add_parser("decode", help="draw a trace that was sent")
    decoded.add_argument("file")
    decoded.add_argument("--output", metavar="BASE", help="BASE.json and .svg are written; FILE without its suffix")
    decoded.add_argument("--title", default="A trace")
    decoded.set_defaults(run=decode)
    options = parser.parse_args()
    try:
        problems = options.run(options)
    except (OSError, ValueError) as error:
        print(f"trace: {error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(f"trace: FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
