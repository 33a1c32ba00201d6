# SPDX-License-Identifier: BSD-2-Clause
"""Reads what the hypervisor sends as a trace: frames of hv/core/trace_stream.h, which may be cut, mixed or damaged.

What is sound is used, what is not is named with its place: read() never fails. Bytes that are no frame are passed over.
"""

import zlib
from collections import namedtuple

MAGIC = b"LTR1"
VERSION = 1
BEGIN, NAMES, GUEST, CPU, RECORDS, END = range(1, 7)
EVENTS, CALLS, STATES, REASONS = range(4)
HEAD = 12
CONTENT_MAX = 240
U64 = 1 << 64
NEVER = (1 << 63) - 1  # LULL_TIME_NEVER; from here on a time means never
NS_MAX = 1 << 60  # 36 years
PROBLEMS_MAX = 20  # that are listed

# tsc in ticks, ns on the machine's clock; event, by its name; guest 0: no guest's
Record = namedtuple("Record", "cpu ns event guest detail a b")


class Trace:
    """What was read. `records` are those of all CPUs in the order of their time."""

    def __init__(self):
        self.problems = []  # sentences
        self.passed_over = 0  # problems that are not listed
        self.frames = 0
        self.records = []
        self.lost = {}  # cpu: records that were overwritten before they could be sent
        self.names = {EVENTS: {}, CALLS: {}, STATES: {}, REASONS: {}}
        self.guests = {}
        self.begin = None  # (CPUs, classes, TSC, clock then in ns, ns of 2^40 ticks)

    def problem(self, at, sentence):
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(f"byte {at}: {sentence}")
        else:
            self.passed_over += 1

    def name(self, kind, number, otherwise):
        return self.names[kind].get(number) or otherwise

    def guest(self, number):
        return self.guests.get(number) or f"guest {number}"


def number(content, at, size):
    """The little-endian number of that size; raises ValueError where the content ends before."""
    if at + size > len(content):
        raise ValueError("it ends too early")
    return int.from_bytes(content[at:at + size], "little")


def text(data):
    """What is printable of these bytes, without the zeros at their end."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in data.rstrip(b"\0"))


def packed(content, at):
    """(number, offset behind it) of a number of 7 bits in a byte."""
    value = shift = 0
    while at < len(content):
        byte = content[at]
        at += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            if value >= U64:
                break
            return value, at
        shift += 7
        if shift > 63:
            break
    raise ValueError("a record is damaged")


def records(content):
    """The records of a frame, as (tsc, event, guest, detail, a, b)."""
    number(content, 0, 8)
    at, tsc, a, b = 8, 0, 0, 0
    found = []
    while at < len(content):
        event, at = packed(content, at)
        ticks, at = packed(content, at)
        guest, at = packed(content, at)
        detail, at = packed(content, at)
        more_a, at = packed(content, at)
        more_b, at = packed(content, at)
        tsc = (tsc + ticks) % U64
        a = (a + (more_a >> 1 ^ -(more_a & 1))) % U64
        b = (b + (more_b >> 1 ^ -(more_b & 1))) % U64
        found.append((tsc, event, guest, detail, a, b))
    return found


def frames(data, trace):
    """Yields (offset, type, CPU, sequence, content) of the sound frames."""
    at = skipped = 0
    while at < len(data):
        if data.startswith(MAGIC, at):
            length = int.from_bytes(data[at + 6:at + 8], "little")
            end = at + HEAD + length
            if length > CONTENT_MAX:
                trace.problem(at, f"a frame of {length} bytes, and {CONTENT_MAX} are the most")
            elif end + 4 > len(data):
                trace.problem(at, "a frame is cut off")
            elif zlib.crc32(data[at + 4:end]) != int.from_bytes(data[end:end + 4], "little"):
                trace.problem(at, "a frame is damaged: its CRC is wrong")
            else:
                yield at, data[at + 4], data[at + 5], int.from_bytes(data[at + 8:at + 12], "little"), data[at + HEAD:end]
                at = end + 4
                continue
        skipped = at
        at = data.find(MAGIC, at + 1)
        if at < 0:
            at = len(data)
        if not data.startswith(MAGIC, skipped):
            trace.problem(skipped, f"{at - skipped} bytes that are no frame")


def take(trace, kind, cpu, content, raw):
    """One frame's content; raises ValueError where it does not make sense. Returns the records that END tells of."""
    if kind == BEGIN:
        if number(content, 0, 4) != VERSION:
            raise ValueError(f"version {number(content, 0, 4)} of the format, and this tool knows {VERSION}")
        trace.begin = (number(content, 4, 4), number(content, 8, 4), number(content, 12, 8), number(content, 20, 8),
                       number(content, 28, 8))
    elif kind == NAMES:
        if cpu not in trace.names:
            raise ValueError(f"names of a kind {cpu}, which this tool does not know")
        first = number(content, 0, 4)
        for i, name in enumerate(content[4:].split(b"\0")[:-1], first):
            trace.names[cpu][i] = text(name)
    elif kind == GUEST:
        trace.guests[number(content, 0, 4)] = text(content[4:])
    elif kind == CPU:
        trace.lost[cpu] = number(content, 8, 8)
    elif kind == RECORDS:
        raw.extend((cpu, *record) for record in records(content))
    elif kind == END:
        return number(content, 0, 8)
    else:
        raise ValueError(f"a frame of type {kind}, which this tool does not know")
    return None


def finish(trace, raw):
    """Makes the records of what was read: in order, on the machine's clock, with names."""
    raw.sort(key=lambda record: record[1])  # stable: those of one CPU keep their order
    if trace.begin is not None:
        _, _, then_tsc, then_ns, rate = trace.begin
    else:
        trace.problem(0, "the beginning is missing: times are ticks of the TSC since the first record")
        then_tsc, then_ns, rate = raw[0][1] if raw else 0, 0, 1 << 40
    out_of_reach = 0
    for cpu, tsc, event, guest, detail, a, b in raw:
        ns = then_ns + ((tsc - then_tsc) * rate >> 40)
        if abs(ns) > NS_MAX:
            out_of_reach += 1
            continue
        name = trace.name(EVENTS, event, f"event {event}")
        trace.records.append(Record(cpu, ns, name, guest, detail, a, b))
        if name == "new":
            made = text((a | b << 64).to_bytes(16, "little"))
            trace.guests.setdefault(guest, made)
    if out_of_reach:
        trace.problem(0, f"the times of {out_of_reach} records cannot be; they are left out")


def read(data):
    """The Trace in these bytes."""
    trace = Trace()
    raw, expected, ended, at = [], 0, None, 0
    for at, kind, cpu, sequence, content in frames(data, trace):
        trace.frames += 1
        if ended is not None:
            trace.problem(at, "a frame behind the end: two traces in one file? only the first one is shown")
            break
        if sequence < expected:
            trace.problem(at, f"frame {sequence} comes again, or late; it is left out")
            continue
        if sequence > expected:
            trace.problem(at, f"frames {expected} to {sequence - 1} are missing")
        expected = sequence + 1
        try:
            ended = take(trace, kind, cpu, content, raw)
        except ValueError as error:
            trace.problem(at, str(error))
    if ended is None:
        trace.problem(len(data), "the end is missing: the trace is cut off")
    elif ended != len(raw):
        trace.problem(at, f"{ended} records were sent, {len(raw)} have come")
    finish(trace, raw)
    return trace
