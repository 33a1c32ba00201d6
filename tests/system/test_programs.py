# SPDX-License-Identifier: BSD-2-Clause
"""The guest OS's programs: what they print, and whether their figures agree with each other and with how they were called."""

import re

import pytest

# What scripts that plot cyclictest's output look for.
STATUS = re.compile(r"^T: ?(\d+) \( *(\d+)\) P: ?(\d+) I:(\d+) C: *(\d+) Min: *(\d+) Act: *(\d+) Avg: *(\d+) Max: *(\d+)$",
                    re.MULTILINE)
ROW = re.compile(r"^([0-9]{6}) ((?:[0-9]{6}\t?)+)$", re.MULTILINE)

PROGRAMS = {
    "histogram": "cyclictest -i 200 -l 300 -h 40 -q",
    "fine": "cyclictest -N -i 300 -d 0 -l 100 -H 100 -q -t 3 -p 80 -m -S",
    "status": "cyclictest -t2 -i 1000 -D 500ms -q -p80",
    "ticker": "ticker -i 250ms -l 4",
    "lost": "jitter -t 100ms -g 400",
    "hog": "stress -c 1 -t 150ms",
    "ping": "pingpong -m -l 500",
    "pong": "pingpong -a -l 500",
    "clockwatch": "clockwatch -l 2000",
}


def figures(text, label):
    """The numbers behind `# LABEL:`."""
    match = re.search(rf"^# {label}:((?: [0-9]+)+)$", text, re.MULTILINE)
    assert match, f"no line # {label}:\n{text}"
    return [int(word) for word in match.group(1).split()]


def columns(text):
    """The histogram: for each thread the counts of the bins, which must count up from 0."""
    rows = ROW.findall(text.partition("# Histogram\n")[2])
    assert rows and [int(number) for number, _ in rows] == list(range(len(rows))), text
    return list(zip(*[[int(count) for count in counts.split("\t")] for _, counts in rows]))


def number(text, pattern):
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"no line matches {pattern!r}:\n{text}"
    return int(match.group(1))


def written(console):
    """Runs PROGRAMS, each in its guest, all on one CPU. Returns {name: what it wrote} when all have exited with 0."""
    monitor = console("mode=interactive", [("guest", f"guest name={name} cpu=0 mem=256K -- {words}")
                                           for name, words in PROGRAMS.items()], icount=True)
    ended = {monitor.expect(r"guest \d+ \((\w+)\) exited with code 0\D")[1].group(1).decode() for _ in PROGRAMS}
    assert ended == set(PROGRAMS)
    texts = {}
    for guest, name in enumerate(PROGRAMS, 1):
        monitor.child.send(f"console {guest}\r")
        monitor.expect(r"this is what is kept[\r\n]+")
        texts[name] = monitor.prompt().replace("\r", "")
    return texts


@pytest.fixture(scope="module")
def texts():
    return {}


@pytest.fixture(autouse=True)
def run_once(console, texts):
    if not texts:
        texts.update(written(console))


def test_cyclictest_histogram(texts):
    text = texts["histogram"]
    column, = columns(text)
    total, minimum, average, maximum, overflows = (
        figures(text, label)[0] for label in ("Total", "Min Latencies", "Avg Latencies", "Max Latencies",
                                              "Histogram Overflows"))
    assert len(column) == 40 and sum(column) == total and total + overflows == 300
    assert minimum <= average <= maximum
    assert column[minimum] > 0 and sum(column[:minimum]) == 0
    if overflows == 0:
        assert column[maximum] > 0 and average == sum(us * count for us, count in enumerate(column)) // 300
    assert not STATUS.search(text)


def test_cyclictest_threads(texts):
    text = texts["fine"]
    *threads, together = columns(text)
    assert len(threads) == 3 and together == tuple(map(sum, zip(*threads)))
    totals, overflows = figures(text, "Total"), figures(text, "Histogram Overflows")
    for sums in totals, overflows:
        assert len(sums) == 4 and sum(sums[:3]) == sums[3]
    assert [a + b for a, b in zip(totals[:3], overflows)] == [100] * 3
    assert totals[:3] == [sum(thread) for thread in threads]
    maxima = figures(text, "Max Latencies")
    assert maxima[3] == max(maxima[:3]) and max(maxima) > 100 and sum(overflows) > 0    # nanoseconds, not microseconds
    assert re.search(r"^cyclictest: -m is ignored: ", text, re.MULTILINE)


def test_cyclictest_status(texts):
    lines = [tuple(map(int, line)) for line in STATUS.findall(texts["status"])]
    assert [line[:4] for line in lines] == [(0, 1, 80, 1000), (1, 2, 79, 1500)]
    for (_, _, _, interval_us, cycles, minimum, last, average, maximum) in lines:
        assert minimum <= average <= maximum and minimum <= last <= maximum
        assert cycles in (500000 // interval_us - 1, 500000 // interval_us)


def test_ticker(texts):
    times = re.findall(r"^\w{3} \w{3} +\d+ \d\d:\d\d:(\d\d)\.(\d{3}) UTC 2026, \d+ ns late$", texts["ticker"], re.MULTILINE)
    at_ms = [int(second) * 1000 + int(ms) for second, ms in times]
    assert len(at_ms) == 4 and all(later - earlier == 250 for earlier, later in zip(at_ms, at_ms[1:])), times
    assert at_ms[0] % 250 == 0


def test_jitter_agrees_with_the_hypervisor(texts):
    text = texts["lost"]
    lost, stolen = number(text, r"^lost in gaps +(\d+) ns"), number(text, r"^stolen by .* (\d+) ns")
    rest, count = number(text, r"^rest: .* (\d+) ns"), number(text, r"^(\d+) gaps, p50 ")
    assert stolen > 10000000, "nobody else had the CPU"
    # Each theft is a gap, and what the hypervisor itself takes is little.
    assert lost - stolen == rest and rest <= lost // 10
    lengths = re.findall(r"^ +(\d+) \.\. +(\d+) ns +(\d+)$", text, re.MULTILINE)
    assert sum(int(line[2]) for line in lengths) == count
    assert all(int(low) < int(high) for low, high, _ in lengths)
    largest = [int(ns) for ns in re.findall(r"^  largest \d: (\d+) ns", text, re.MULTILINE)]
    assert largest == sorted(largest, reverse=True) and largest[0] == number(text, r" max (\d+) ns$")


def test_pingpong(texts):
    match = re.search(r"^500 rounds with guest 8, (\d+) a second; round trip min (\d+) avg (\d+) max (\d+) ns$", texts["ping"],
                      re.MULTILINE)
    assert match, texts["ping"]
    rate, minimum, average, maximum = map(int, match.groups())
    assert minimum <= average <= maximum and minimum > 0
    assert rate * average <= 10**9
    assert re.search(r"^pingpong: answered 501 rings of guest 7$", texts["pong"], re.MULTILINE), texts["pong"]


def test_stress(texts):
    assert number(texts["hog"], r"^ +1 threads computed: (\d+) rounds") > 100
    assert number(texts["hog"], r"^stress: (\d+) ms") == 150


def test_clockwatch(texts):
    assert re.search(r"^2000 looks in .*: 0 wrong$", texts["clockwatch"], re.MULTILINE), texts["clockwatch"]


def test_the_same_every_time(console, texts):
    """With -icount cyclictest repeats itself, beside the same others, to the nanosecond."""
    again = written(console)
    for name in ("histogram", "fine", "status"):
        assert again[name] == texts[name], name
