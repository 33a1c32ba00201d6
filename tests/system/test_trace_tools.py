# SPDX-License-Identifier: BSD-2-Clause
"""tools/trace.py: what it makes of a trace that is known, of damaged ones, and of anything at all."""

import json
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from decimal import Decimal
from pathlib import Path

import pytest
import trace_json
import trace_story
import trace_stream
import trace_svg

NAMES = ["trap", "sleep", "woken", "pend", "upcall", "call", "return", "arm", "disarm", "move", "expire", "deliver", "program", "run",
         "stop", "wait", "new", "phase", "mark", "defer", "fire"]
STATES = ["running", "blocked", "runnable", "paused", "ended"]
REASONS = ["guest event", "guest tick", "guest run time", "guest watchdog", "time slice"]
NEVER = (1 << 64) - 1


def frame(sequence, kind, cpu, content):
    checked = bytes((kind, cpu)) + len(content).to_bytes(2, "little") + sequence.to_bytes(4, "little") + content
    return b"LTR1" + checked + zlib.crc32(checked).to_bytes(4, "little")


def packed(value):
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(found) + bytes((value,))


def signed(value):
    value %= 1 << 64
    return packed((value << 1 ^ -(value >> 63)) % (1 << 64))


def numbers(*values):
    return b"".join(value.to_bytes(size, "little") for value, size in values)


def label(text):
    return int.from_bytes(text.encode(), "little")


# (ns, CPU, event, guest, detail, a, b): one event from its arm to the handler, a mark, a call that waits, an end. And two timers of the hypervisor's own.
STORY = [
    (1000, 0, "new", 3, 0, label("web.0"), 0), (1100, 0, "run", 3, 0, 0, 0), (1200, 0, "phase", 0, 0, label("static"), 1),
    (1300, 0, "call", 3, 13, 5000, 0), (1400, 0, "stop", 3, 1, 0, 0), (1450, 0, "arm", 3, 0, 5000, 0),
    (1500, 0, "program", 0, 0, 5000, 0), (1600, 0, "sleep", 0, 0, 5000, 0), (5010, 0, "woken", 0, 0xf0, 0, 0),
    (5020, 0, "expire", 3, 0, 5000, 5015), (5100, 0, "run", 3, 0, 0, 0), (5150, 0, "deliver", 3, 0, 5000, 5015),
    (5200, 0, "return", 3, 13, 0, 0), (5250, 0, "upcall", 3, 1, 0x210000, 0), (5400, 1, "trap", 3, 0x30, 0x210000, 0),
    (5410, 1, "fire", 0, 4, 5390, 5405), (5450, 0, "fire", 3, 3, 5440, 5445),
    (5500, 0, "mark", 3, 0, label('a "b"'), 7), (5600, 0, "phase", 0, 0, label("end"), 1), (5700, 0, "stop", 3, 4, 0, 0),
]


def stream(records=STORY, cut=None, sequence=0):
    """The bytes that the hypervisor would send of these records; two records in a frame."""
    frames = [(1, 0, numbers((1, 4), (2, 4), (31, 4), (10**6 + 100, 8), (100, 8), (1 << 40, 8)))]
    for kind, names in enumerate((NAMES, ["NOP"] * 13 + ["BLOCK"], STATES, REASONS)):
        frames.append((2, kind, numbers((0, 4)) + "".join(name + "\0" for name in names).encode()))
    frames.append((3, 0, numbers((3, 4)) + b"web.0\0"))
    for cpu in (0, 1):
        mine = [record for record in records if record[1] == cpu]
        frames.append((4, cpu, numbers((len(mine) + 5, 8), (5, 8))))
        for i in range(0, len(mine), 2):
            content, before = numbers((i, 8)), (0, 0, 0)
            for ns, _, event, guest, detail, a, b in mine[i:i + 2]:
                content += packed(NAMES.index(event)) + packed(ns + 10**6 - before[0]) + packed(guest) + packed(detail)
                content += signed(a - before[1]) + signed(b - before[2])
                before = (ns + 10**6, a, b)
            frames.append((5, cpu, content))
    frames.append((6, 0, numbers((len(records), 8))))
    frames = [frame(sequence + i, *parts) for i, parts in enumerate(frames)]
    return b"".join(frames[:cut])


def story_of(data):
    return trace_story.Story(trace_stream.read(data))


def test_what_was_sent_is_read():
    trace = trace_stream.read(stream())
    assert trace.problems == [] and trace.lost == {0: 5, 1: 5} and trace.guests == {3: "web.0"}
    assert [tuple(record) for record in trace.records] == [(cpu, ns, *more) for ns, cpu, *more in STORY]


def test_the_story_is_told():
    story = story_of(stream())
    vcpu = story.vcpus[3]
    assert [(part.start, part.end, part.name) for part in vcpu.state.slices] == [
        (1100, 1400, "running"), (1400, 5100, "blocked"), (5100, 5700, "running"), (5700, 5700, "ended")]
    assert [(part.start, part.end, part.name, part.args["result"]) for part in vcpu.calls.slices] == [(1300, 5200, "BLOCK", "0x0")]
    assert [(part.start, part.end) for part in vcpu.armed.slices] == [(1450, 5020)]
    assert [(part.start, part.end, part.name) for part in vcpu.handlers] == [(5250, 5400, "handler: timer")]
    assert story.flows == [trace_story.Flow(3, 1450, 5020, 0, 5250)]
    assert [(part.start, part.end, part.name) for part in story.cpus[0].slices] == [
        (1100, 1400, "web.0"), (1600, 5010, "asleep"), (5100, 5700, "web.0")]
    assert story.interrupts == [(5010, 0, 0xf0), (5400, 1, 0x30)]
    assert story.phases() == [("static", 1200, 5600)]
    assert story.fired == [(5410, 1, "time slice", 0, 5390), (5450, 0, "guest watchdog", 3, 5440)]
    assert [(i.ns, i.name, i.args) for i in vcpu.instants] == [(5500, 'a "b"', {"value": 7})]


def test_an_end_ends_what_was_open():
    more = [(5610, 0, "call", 3, 8, 0, 0), (5620, 0, "arm", 3, 0, 9000, 0), STORY[-1], (8000, 0, "sleep", 0, 0, NEVER, 0)]
    vcpu = story_of(stream(STORY[:-1] + more)).vcpus[3]
    assert [(part.start, part.end) for part in vcpu.calls.slices] == [(1300, 5200), (5610, 5700)]
    assert [(part.start, part.end) for part in vcpu.armed.slices] == [(1450, 5020), (5620, 5700)]
    assert vcpu.state.slices[-1][:3] == (5700, 8000, "ended")


# ---- The JSON, by the public description of the Trace Event Format: the keys that each kind of event must have.

EVENT = {"ph": str, "pid": int, "tid": int, "ts": Decimal, "name": str}
KINDS = {
    "X": {"dur": Decimal, "cat": str},
    "i": {"s": str},
    "b": {"cat": str, "id": str},
    "e": {"cat": str, "id": str},
    "s": {"cat": str, "id": int},
    "t": {"cat": str, "id": int},
    "f": {"cat": str, "id": int, "bp": str},
    "C": {"args": dict},
    "M": {"args": dict},
}


def check_nesting(slices):
    """Slices of one thread follow or contain each other."""
    open_ends = []
    for start, dur in sorted(slices, key=lambda part: (part[0], -part[1])):
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        assert not open_ends or start + dur <= open_ends[-1], (start, dur, open_ends)
        open_ends.append(start + dur)


def check_json(text):
    """Holds for every JSON that the tool writes, whatever the trace was. Returns its events."""
    document = json.loads(text, parse_float=Decimal)  # exact: nanoseconds of years are more than a float holds
    assert document["displayTimeUnit"] in ("ms", "ns")
    events, asyncs, flows, threads, named = document["traceEvents"], {}, {}, {}, set()
    for event in events:
        kind = KINDS[event["ph"]]
        for key, types in {**EVENT, **kind}.items():
            assert isinstance(event[key], types) and not isinstance(event[key], bool), (key, event)
        assert set(event) <= {*EVENT, *kind, "args"}, event
        where, ns = (event["pid"], event["tid"]), int(event["ts"] * 1000)
        if event["ph"] == "X":
            threads.setdefault(where, []).append((ns, int(event["dur"] * 1000)))
            assert event["dur"] >= 0
        elif event["ph"] == "i":
            assert event["s"] in "gpt"
        elif event["ph"] == "b":
            assert asyncs.setdefault((where, event["id"]), ns) == ns
        elif event["ph"] == "e":
            assert asyncs.pop((where, event["id"])) <= ns
        elif event["ph"] in "stf":
            flows.setdefault(event["id"], []).append((ns, event["ph"], where))
        elif event["ph"] == "C":
            assert all(isinstance(value, (int, Decimal)) for value in event["args"].values())
        elif event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name", "process_sort_index", "thread_sort_index")
            named.add(where)
    assert asyncs == {}
    starts = {}
    for where, slices in threads.items():
        check_nesting(slices)
        starts[where] = {start for start, _ in slices}
    for steps in flows.values():
        assert [phase for _, phase, _ in sorted(steps, key=lambda step: "stf".index(step[1]))][::len(steps) - 1] == ["s", "f"]
        for ns, _, where in steps:  # each step is drawn at a slice
            assert ns in starts[where] or any(start <= ns <= start + dur for start, dur in threads[where]), (ns, where)
    assert set(threads) <= named
    return events


def test_the_json_is_of_the_format():
    events = check_json(trace_json.render(story_of(stream())))
    flow = [(event["ph"], event["pid"], event["ts"]) for event in events if event["ph"] in "stf"]
    assert flow == [("s", 1003, Decimal("1.45")), ("t", 1, Decimal("5.02")), ("f", 1003, Decimal("5.25"))]
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"].endswith("_name")}
    assert names[1, 1] == "CPU 0" and names[1, 4] == "CPU 1 interrupts" and names[1003, 0] == "vCPU of web.0"
    assert [(event["ts"], event["args"]) for event in events if event["name"] == 'a "b"'] == [(5.5, {"value": 7})]
    assert [(event["ts"], event["tid"], event["name"], event["args"]) for event in events if event["name"].startswith("expiry: ")] == [
        (Decimal("5.41"), 4, "expiry: time slice", {"deadline_ns": 5390}),
        (Decimal("5.45"), 2, "expiry: guest watchdog", {"guest": "web.0", "deadline_ns": 5440})]
    assert {event["name"] for event in events if event["ph"] == "C"} == {
        "hardware interrupts", "guests' timer interrupts", "guests' events held"}


def test_the_picture_shows_it():
    root = ElementTree.fromstring(trace_svg.render(story_of(stream()), "a & b"))
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for words in ("CPU 0", "CPU 1", "web.0", "Static", "4.4 us: 2 hardware interrupts",
                  "a timer of the hypervisor itself: guest watchdog 1, time slice 1"):
        assert words in texts, texts
    assert root.find("{http://www.w3.org/2000/svg}title").text == "a & b"
    assert "prefers-color-scheme: dark" in root.find("{http://www.w3.org/2000/svg}style").text


def test_the_tool_knows_the_vectors():
    source = Path("hv/x86/vectors.h").read_text(encoding="ascii")
    numbers_of = {name: int(value, 0) for name, value in re.findall(r"#define VECTOR_(\w+) (\w+)", source)}
    for name in ("LAPIC_TIMER", "HPET", "GUARD", "UART", "ACPI", "KICK", "NONE"):
        assert numbers_of[name] in trace_story.VECTORS, name
    assert trace_story.TIMERS == {numbers_of["LAPIC_TIMER"], numbers_of["HPET"]}
    abi = Path("hv/shared/abi/lull.h").read_text(encoding="utf-8")
    assert len(trace_story.IRQS) == len(re.findall(r"#define LULL_IRQ_(?!COUNT)\w+ \d", abi))


# ---- Damage

def problems(data):
    return " / ".join(trace_stream.read(data).problems)


def test_what_is_missing_is_named():
    whole = stream()
    assert "byte 0: 5 bytes that are no frame" in problems(b"hello" + whole)
    cut = stream(cut=-1)
    assert problems(cut) == f"byte {len(cut)}: the end is missing: the trace is cut off"
    assert "a frame is cut off" in problems(whole[:-3])
    second = whole.index(b"LTR1", 1)
    assert problems(whole[second:]).startswith("byte 0: frames 0 to 0 are missing")
    assert "the beginning is missing" in problems(whole[second:])
    at = whole.index(b"LTR1", len(whole) // 2)
    behind = whole.index(b"LTR1", at + 1)
    gap = problems(whole[:at] + whole[behind:])
    assert re.search(rf"byte {at}: frames (\d+) to \1 are missing", gap) and "20 records were sent, 18 have come" in gap
    damaged = bytearray(whole)
    damaged[at + 14] ^= 1
    assert f"byte {at}: a frame is damaged: its CRC is wrong" in problems(bytes(damaged))
    assert "comes again, or late" in problems(whole[:behind] + whole[at:])
    assert "two traces in one file" in problems(whole + whole)
    assert problems(b"") == "byte 0: the end is missing: the trace is cut off / byte 0: the beginning is missing: times are " \
                            "ticks of the TSC since the first record"
    assert "which this tool does not know" in problems(frame(0, 9, 0, b""))
    assert "version 2 of the format" in problems(frame(0, 1, 0, numbers((2, 4)) + bytes(40)))


def draw(data):
    """All that the tool makes of these bytes; it must hold, whatever they are."""
    trace = trace_stream.read(data)
    assert len(trace.problems) <= trace_stream.PROBLEMS_MAX
    assert all(re.match(r"byte \d+: .", problem) for problem in trace.problems)
    story = trace_story.Story(trace)
    check_json(trace_json.render(story))
    ElementTree.fromstring(trace_svg.render(story, "x"))
    return trace


def mutate(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        deed = rng.randrange(5)
        if deed == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif deed == 1:
            del data[at:at + rng.randint(1, 100)]
        elif deed == 2:
            data[at:at] = rng.randbytes(rng.randint(1, 40))
        elif deed == 3:
            data[at:at] = data[rng.randrange(len(data)):][:rng.randint(1, 200)]
        else:
            data = data[:at + 1]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_streams(seed):
    rng = random.Random(seed)
    whole = stream()
    for _ in range(150):
        damaged = mutate(whole, rng)
        trace = draw(damaged)
        assert trace.problems or damaged == whole


EDGES = (0, 1, 2, 3, 13, 255, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, NEVER)


@pytest.mark.parametrize("seed", range(4))
def test_any_records_in_sound_frames(seed):
    """Nothing is wrong with the frames: what the records say may be anything."""
    rng = random.Random(1000 + seed)
    for _ in range(60):
        content, frames = b"", [frame(0, 1, 0, numbers((1, 4), (2, 4), (31, 4), (rng.choice(EDGES), 8), (rng.choice(EDGES), 8),
                                                       (rng.choice(EDGES), 8))),
                                frame(1, 2, 0, numbers((0, 4)) + "".join(name + "\0" for name in NAMES).encode())]
        for sequence in range(2, rng.randint(3, 40)):
            content = numbers((rng.choice(EDGES), 8))
            for _ in range(rng.randint(0, 3)):
                content += packed(rng.randrange(24)) + b"".join(packed(rng.choice(EDGES)) for _ in range(5))
            frames.append(frame(sequence, 5, rng.randrange(3), content if rng.random() < 0.9 else rng.randbytes(50)))
        draw(b"".join(frames))


def test_the_command_says_what_is_wrong(tmp_path):
    file = tmp_path / "some.bin"

    def decode(*more):
        return subprocess.run([sys.executable, "tools/trace.py", "decode", file, *more], capture_output=True, text=True, check=False)

    file.write_bytes(stream())
    done = decode("--output", tmp_path / "out")
    assert done.returncode == 0 and done.stderr == "", done
    assert done.stdout.startswith("20 records; CPUs: 2, guests: 1; 4.7 us; 10 older ones were overwritten\n")
    check_json((tmp_path / "out.json").read_text(encoding="utf-8"))
    file.write_bytes(stream(cut=-2))
    done = decode()
    assert done.returncode == 1 and "trace: FAILED: byte" in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "some.svg").exists()
    file.unlink()
    done = decode()
    assert done.returncode == 2 and done.stderr.startswith("trace: ") and "Traceback" not in done.stderr
