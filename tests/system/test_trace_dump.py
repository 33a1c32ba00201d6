# SPDX-License-Identifier: BSD-2-Clause
"""The trace on its way out over the second serial port: all that was recorded arrives, and it tells what the counters count."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import trace_json
import trace_stream
import trace_svg
from test_trace_tools import check_json
from trace_story import TIMERS, Story, label

MARK = [("mark", "mark expect=exit:0")]


@pytest.fixture
def traced(boot, tmp_path):
    """Returns run(boot line, modules): (Outcome, Trace). Nothing of the stream may be wrong."""
    def run(line, modules, **machine):
        file = tmp_path / "trace.bin"
        outcome = boot(f"{line} exit=debug trace_dump=end", modules, second=f"file:{file}", **machine).succeeded()
        trace = trace_stream.read(file.read_bytes())
        assert trace.problems == []
        sent, size, lost = map(int, outcome.says(r"trace: (\d+) records sent to COM2, (\d+) bytes; (\d+) older").groups())
        assert (sent, size, lost) == (len(trace.records), file.stat().st_size, sum(trace.lost.values()))
        return outcome, trace
    return run


def marks_of(trace):
    return [(label(record.a), record.b) for record in trace.records if record.event == "mark"]


def test_marks_and_what_a_record_costs(traced):
    costs = {}
    for classes in ("marks", "all"):
        _, trace = traced(f"mode=selftest trace={classes}", MARK)
        marks = marks_of(trace)
        assert marks[:7] == [('a "mark"', (1 << 64) - 1), ("second", 1), *(("woken", i) for i in range(5))]
        assert marks[7:-2] == [("cost", 0)] * 20 and [text for text, _ in marks[-2:]] == ["call", "mark"]
        costs[classes] = dict(marks[-2:])
        assert {trace.guest(record.guest) for record in trace.records if record.event == "mark"} == {"mark"}
        if classes == "marks":
            assert {record.event for record in trace.records} == {"new", "mark"}
        else:
            nops = [record for record in trace.records if record.event == "call" and record.detail == 0]
            assert [(record.a, record.b) for record in nops] == [(0x100, 2)] + [(0, 0)] * 20  # no marks
    text = re.sub(r"\s+", " ", Path("hv/monitor/README.md").read_text(encoding="utf-8"))
    said = re.search(r"a hypercall that does nothing takes (\d+) instructions with all classes and (\d+) with that of the marks alone, so "
                     r"each of its two records takes (\d+) more where its class is wanted; a mark takes (\d+)\.", text)
    assert said, "hv/monitor/README.md does not say what a record costs"
    all_classes, marks_alone = costs["all"], costs["marks"]
    record = (all_classes["call"] - marks_alone["call"]) // 2
    assert tuple(map(int, said.groups())) == (all_classes["call"], marks_alone["call"], record, marks_alone["mark"]), costs
    readme = re.sub(r"\s+", " ", Path("README.md").read_text(encoding="utf-8"))
    assert f"so tracing adds its own: {record} for each record" in readme


def test_the_demonstration_is_told_as_it_is_counted(traced):
    outcome, trace = traced("mode=demo report=json demo_seconds=1 demo_guests=2 trace=all trace_records=131072",
                            [("guest", "guest mem=1M")])
    story = Story(trace)
    assert trace.lost == {0: 0}
    assert [phase.name for phase in story.phases()] == ["static", "tickless"]
    for phase in story.phases():
        counted = json.loads(outcome.says(rf"^@json {phase.name} (.*)$")[1])
        inside = [interrupt for interrupt in story.interrupts if phase.start <= interrupt.ns < phase.end]
        told = sum(phase.start <= ns < phase.end for vcpu in story.vcpus.values() for ns in vcpu.delivered)
        assert {interrupt.vector for interrupt in inside} <= TIMERS
        # That which ends the phase is counted in it.
        assert abs(len(inside) - counted["hw_timer_irqs_per_s"]) <= 1 and abs(told - counted["guest_timer_irqs_per_s"]) <= 1
        switches = sum(phase.start <= part.start < phase.end and part.name == "running"
                       for vcpu in story.vcpus.values() for part in vcpu.state.slices)
        assert switches >= counted["vcpu_switches_per_s"] - 1 > 0
        # The monitor's timer has ended it, in the same interrupt.
        assert any(fired.reason == "monitor" and max(part.ns for part in inside) <= fired.ns <= phase.end for fired in story.fired)
    static, tickless = (sum(phase.start <= i.ns < phase.end for i in story.interrupts) for phase in story.phases())
    assert static > 1900 and 0 < tickless < 100
    # Every event that expired was armed before and handled after.
    expired = sum(record.event == "expire" for record in trace.records)
    assert len(story.flows) == expired > 4000
    assert all(flow.armed is not None and flow.armed <= flow.expired <= flow.handled for flow in story.flows)
    for vcpu in story.vcpus.values():
        assert all(before.end == after.start for before, after in zip(vcpu.state.slices, vcpu.state.slices[1:]))
    check_json(trace_json.render(story))
    assert "2000 hardware interrupts" not in trace_svg.render(story)  # close by are 20 ms


def texts(svg):
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_in_the_readme_shows_this_build(traced):
    """The committed picture of `make trace`: its rates, and that it is moderate."""
    picture = Path("tools/record/trace.svg")
    committed = picture.read_text(encoding="utf-8")
    assert picture.stat().st_size < 60_000 and "tools/record/trace.svg" in Path("README.md").read_text(encoding="utf-8")
    _, trace = traced("mode=demo demo_seconds=1 trace=interrupts trace_records=65536", [("guest", "guest mem=1M")])
    assert trace.lost == {0: 0}
    rates = [text for text in texts(trace_svg.render(Story(trace))) if text.endswith("a second")]
    assert len(rates) == 2 and rates == [text for text in texts(committed) if text.endswith("a second")]
    assert {"CPU 0", "guest.0", "guest.9", "20 ms: 200 hardware interrupts"} <= set(texts(committed))


def test_what_is_overwritten_is_counted(traced):
    _, trace = traced("mode=demo demo_seconds=1 demo_guests=1 trace=timers trace_records=1025", [("guest", "guest mem=1M")])
    assert len(trace.records) == 2048 and trace.lost[0] > 1000
    assert {record.event for record in trace.records} <= {"arm", "disarm", "move", "expire", "deliver", "program", "fire", "new", "phase"}
    assert trace.guests


def test_each_cpu_sends_its_own(traced):
    _, trace = traced("mode=demo demo_seconds=1 demo_guests=4 trace=scheduler,interrupts trace_records=65536", [("guest", "guest mem=1M")],
                      smp=2)
    assert trace.begin[1] == 0b1001  # of the classes, the first and the fourth
    assert {"sleep", "run"} <= {record.event for record in trace.records} and "arm" not in {record.event for record in trace.records}
    assert {record.cpu for record in trace.records} == {0, 1} == set(trace.lost)
    check_json(trace_json.render(Story(trace)))


def test_at_the_prompt(console, tmp_path):
    file = tmp_path / "trace.bin"
    machine = console("mode=interactive", [("guest", "guest count=2 mem=1M name=web")], second=f"file:{file}")
    machine.prompt()
    assert "nothing is recorded; `trace on` begins" in machine.command("trace dump")
    machine.command("trace on")
    machine.child.send("trace dump\r")
    _, match = machine.expect(rb"trace: (\d+) records sent to COM2, (\d+) bytes; \d+ older")
    trace = trace_stream.read(file.read_bytes())
    assert trace.problems == [] and len(trace.records) == int(match[1]) > 0
    assert set(trace.guests.values()) == {"web.0", "web.1"}
    for typed, answer in (("trace", r"\noff\s"), ("trace clear", "lull> "), ("trace show", "nothing is recorded")):
        machine.child.send(typed + "\r")
        machine.expect(answer)


def test_without_a_second_port(console):
    machine = console("mode=interactive", [("guest", "guest mem=1M")])
    machine.prompt()
    machine.command("trace on")
    assert "there is no serial port at COM2 (QEMU: a second -serial)" in machine.command("trace dump")
    assert re.match(r"on: ", machine.command("trace"))
