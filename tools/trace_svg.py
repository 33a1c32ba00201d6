# SPDX-License-Identifier: BSD-2-Clause
"""A trace as an SVG time line: how often the CPUs were interrupted, over all of it, and what a few milliseconds look like close by.

No script, no font and nothing from elsewhere; light or dark as the reader's system wants it.
"""

from xml.sax.saxutils import escape

from trace_story import TIMERS, vector_name

WIDTH = 960
MARGIN = 20
LABEL = 92  # left of the rows
ROW = 17
GUESTS_MAX = 12  # rows of guests
CPUS_MAX = 8
BINS = 240  # of the overview
BAR = 120  # its height
CLOSE_NS = 20000000  # what is shown close by
GAP = 28  # between the two

# Colours stand twice and not in variables: simple programs that draw SVG know no variables.
STYLE = """\
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f; }
.h { font-size: 15px; font-weight: 600; }
.s { fill: #57606a; }
.m { text-anchor: middle; }
.e { text-anchor: end; }
.ground { fill: #fbfcfd; stroke: #d0d7de; }
.axis { stroke: #8c959f; fill: none; }
.row { stroke: #d8dee4; fill: none; }
.zone { fill: #eef1f4; }
.i, .ib { stroke: #c9510c; fill: none; }
.ib { fill: #c9510c; stroke: none; }
.g { stroke: #0969da; fill: none; }
.run { fill: #0969da; }
.own { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  text { fill: #d5dce3; }
  .s { fill: #9aa6b2; }
  .ground { fill: #0f141a; stroke: #3b434d; }
  .axis { stroke: #76818d; }
  .row { stroke: #2a323b; }
  .zone { fill: #19212a; }
  .i { stroke: #f0883e; }
  .ib { fill: #f0883e; }
  .g { stroke: #6cb6ff; }
  .run { fill: #6cb6ff; }
  .own { fill: #56d364; }
}
"""


def short(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def duration(ns):
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns >= size:
            return f"{short(ns / size)} {unit}"
    return f"{ns} ns"


def rate(count, ns):
    per_s = count * 1e9 / ns if ns > 0 else 0
    return f"{per_s:,.0f} a second"


class Picture:
    def __init__(self):
        self.parts = []
        self.y = MARGIN

    def text(self, x, y, words, style=""):
        style = f' class="{style}"' if style else ""
        self.parts.append(f'<text x="{short(x)}" y="{short(y)}"{style}>{escape(words)}</text>')

    def path(self, style, d, width=1.0):
        if d:
            self.parts.append(f'<path class="{style}" stroke-width="{short(width)}" d="{d}"/>')

    def box(self, style, x, y, width, height):
        self.parts.append(
            f'<rect class="{style}" x="{short(x)}" y="{short(y)}" width="{short(width)}" height="{short(height)}"/>')


def within(moments, start, end):
    return [ns for ns in moments if start <= ns < end]


def strokes(moments, start, scale, left, top, height):
    """Upright strokes, one for each quarter of a pixel in which something happened."""
    places = sorted({round((ns - start) * scale * 4) for ns in moments})
    return "".join(f"M{short(left + place / 4)} {short(top)}v{short(height)}" for place in places)


def wedges(moments, start, scale, left, top):
    """Wedges that point down, one for each pixel in which something happened."""
    places = sorted({round((ns - start) * scale) for ns in moments})
    return "".join(f"M{short(left + place - 3.5)} {short(top)}h7l-3.5 6z" for place in places)


def overview(picture, story, windows):
    """Bars: hardware interrupts of all CPUs, in equal parts of the whole time."""
    left, width = MARGIN + LABEL, WIDTH - 2 * MARGIN - LABEL
    span = max(story.end - story.start, 1)
    counts = [0] * BINS
    for interrupt in story.interrupts:
        counts[min((interrupt.ns - story.start) * BINS // span, BINS - 1)] += 1
    highest = max(counts) or 1
    top, scale = picture.y + 34, width / span
    picture.text(MARGIN, picture.y + 4, "Hardware interrupts", "h")
    for phase in story.phases():
        x, end = (left + (at - story.start) * scale for at in (phase.start, phase.end))
        count = len(within([interrupt.ns for interrupt in story.interrupts], phase.start, phase.end))
        picture.box("zone", x, top - 22, end - x, BAR + 22)
        picture.text((x + end) / 2, top - 7, f"{phase.name}: {rate(count, phase.end - phase.start)}", "m")
    bars = "".join(f"M{short(left + i * width / BINS)} {short(top + BAR)}v-{short(max(BAR * count / highest, 1))}"
                   f"h{short(width / BINS)}v{short(max(BAR * count / highest, 1))}z"
                   for i, count in enumerate(counts) if count)
    picture.path("ib", bars)
    picture.path("axis", f"M{left} {top + BAR}.5h{width}")
    bin_ns = span / BINS
    picture.text(left - 8, top + 10, f"{highest} in", "e s")
    picture.text(left - 8, top + 25, duration(round(bin_ns)), "e s")
    step = next(s * 10**e for e in range(3, 60) for s in (1, 2, 5) if span / (s * 10**e) <= 10)
    for i in range(int(span // step) + 1):
        x = left + i * step * scale
        picture.path("axis", f"M{short(x)} {top + BAR}v5")
        picture.text(x, top + BAR + 18, duration(i * step) if i else "0", "m s")
    for start, end in windows:  # what is shown close by
        x, behind = (left + (at - story.start) * scale for at in (start, end))
        picture.path("g", f"M{short(x)} {top + BAR + 24}v5H{short(max(behind, x + 2))}v-5", 1.5)
    picture.y = top + BAR + 46


def close_by(picture, story, title, start, end, left, width, labels):
    """What happened from `start` to `end`: a row for each CPU and for each guest that did something."""
    scale = width / max(end - start, 1)
    y = picture.y
    interrupts = [interrupt for interrupt in story.interrupts if start <= interrupt.ns < end]
    picture.text(left, y + 4, title, "h")
    picture.text(left, y + 22, f"{duration(end - start)}: {len(interrupts)} hardware interrupt{'' if len(interrupts) == 1 else 's'}",
                 "s")
    y += 34
    for cpu in sorted(story.cpus)[:CPUS_MAX]:
        if labels:
            picture.text(left - 8, y + 13, f"CPU {cpu}", "e")
        picture.path("row", f"M{short(left)} {y + ROW}.5h{short(width)}")
        picture.path("i", strokes([i.ns for i in interrupts if i.cpu == cpu], start, scale, left, y + 1, ROW - 1), 1.2)
        picture.path("own", wedges([fired.ns for fired in own_of(story, start, end) if fired.cpu == cpu], start, scale, left, y - 1))
        y += ROW + 3
    for guest in guests_of(story, start, end):
        vcpu = story.vcpus.get(guest)
        if labels is not None:
            picture.text(left - 8, y + 13, story.trace.guest(guest)[:12], "e")
        picture.path("row", f"M{short(left)} {y + ROW}.5h{short(width)}")
        runs = "".join(f"M{short(left + (max(part.start, start) - start) * scale)} {y + 9}"
                       f"h{short(max((min(part.end, end) - max(part.start, start)) * scale, 0.25))}v8"
                       f"h-{short(max((min(part.end, end) - max(part.start, start)) * scale, 0.25))}z"
                       for part in vcpu.state.slices
                       if part.name == "running" and part.end > start and part.start < end)
        picture.path("run", runs)
        picture.path("g", strokes(within(vcpu.delivered, start, end), start, scale, left, y + 2, ROW - 2), 1.2)
        y += ROW
    picture.path("axis", f"M{short(left)} {y + 4}h{short(width)}")
    for i in range(5):
        x = left + width * i / 4
        picture.path("axis", f"M{short(x)} {y + 4}v5")
        picture.text(x, y + 22, f"+{duration((end - start) * i // 4)}" if i else f"{start / 1e9:.6f} s",
                     "s" if i == 0 else "s e" if i == 4 else "s m")
    return y + 30


def guests_of(story, start, end):
    """The guests that live between `start` and `end`, at most GUESTS_MAX of them."""
    found = [guest for guest, vcpu in sorted(story.vcpus.items())
             if any(part.end > start and part.start < end and part.name != "ended" for part in vcpu.state.slices)]
    return found[:GUESTS_MAX]


def own_of(story, start, end):
    """The expiries of the hypervisor's own timers."""
    return [fired for fired in story.fired if start <= fired.ns < end]


def count_reasons(fired):
    """`time slice 12, monitor 1`."""
    reasons = [one.reason for one in fired]
    return ", ".join(f"{reason} {reasons.count(reason)}" for reason in sorted(set(reasons)))


def windows_of(story):
    """[(title, start, end)]: what to show close by. The middle of each phase, two at most, or of the whole."""
    phases = story.phases()[:2]
    if not phases:
        span = min(CLOSE_NS, max(story.end - story.start, 1))
        middle = (story.start + story.end) // 2
        return [("Close by", middle - span // 2, middle - span // 2 + span)]
    found = []
    for phase in phases:
        span = min(CLOSE_NS, max(phase.end - phase.start, 1))
        start = (phase.start + phase.end - span) // 2
        found.append((phase.name.capitalize(), start, start + span))
    return found


def legend(picture, own):
    """`own`: the expiries of the hypervisor's own timers that are shown."""
    y = picture.y
    x = MARGIN + LABEL
    picture.path("i", f"M{x} {y - 11}v14", 1.5)
    picture.text(x + 8, y, "hardware interrupt", "s")
    picture.path("g", f"M{x + 136} {y - 11}v14", 1.5)
    picture.text(x + 144, y, "a guest is told of its timer event", "s")
    picture.path("run", f"M{x + 356} {y - 7}h14v8h-14z")
    picture.text(x + 376, y, "a guest runs (at least a quarter of a pixel)", "s")
    if own:
        y += 20
        picture.path("own", f"M{x - 3.5} {y - 8}h7l-3.5 6z")
        picture.text(x + 8, y, f"a timer of the hypervisor itself: {count_reasons(own)}", "s")
    picture.y = y + 14


def describe(story, windows):
    timers = sum(interrupt.vector in TIMERS for interrupt in story.interrupts)
    others = {}
    for interrupt in story.interrupts:
        if interrupt.vector not in TIMERS:
            others[vector_name(interrupt.vector)] = others.get(vector_name(interrupt.vector), 0) + 1
    words = [f"{len(story.interrupts)} hardware interrupts in {duration(story.end - story.start)}, {timers} of the timer"]
    words += [f"{count} {name}" for name, count in sorted(others.items())]
    if story.fired:
        words.append(f"timers of the hypervisor itself: {count_reasons(story.fired)}")
    words += [f"{title.lower()}: {sum(start <= i.ns < end for i in story.interrupts)} in {duration(end - start)}"
              for title, start, end in windows]
    return "; ".join(words)


def render(story, title="A trace"):
    """The text of the SVG."""
    windows = windows_of(story)
    picture = Picture()
    picture.y += 12
    overview(picture, story, [(start, end) for _, start, end in windows])
    width = (WIDTH - 2 * MARGIN - LABEL - GAP * (len(windows) - 1)) / len(windows)
    picture.y += 10
    bottoms = []
    same = len({tuple(story.trace.guest(g) for g in guests_of(story, start, end)) for _, start, end in windows}) == 1
    for i, (name, start, end) in enumerate(windows):
        left = MARGIN + LABEL + i * (width + GAP)
        bottoms.append(close_by(picture, story, name, start, end, left, width, True if i == 0 else None))
        if i == 0 and not same:
            break  # other guests: their names would not stand beside them
    picture.y = max(bottoms) + 20
    legend(picture, [fired for _, start, end in windows[:len(bottoms)] for fired in own_of(story, start, end)])
    height = picture.y + 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{short(height)}" '
            f'viewBox="0 0 {WIDTH} {short(height)}" role="img" aria-labelledby="title desc">\n'
            f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(describe(story, windows))}</desc>\n'
            f"<style>\n{STYLE}</style>\n"
            f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{short(height - 1)}" rx="8"/>\n'
            + "\n".join(picture.parts) + "\n</svg>\n")
