# SPDX-License-Identifier: BSD-2-Clause
"""A second opinion: another implementation of the PC, in which QEMU's peculiarities are not taken for facts.

Bochs has its own CPU, local APIC, PM timer and UART (one that takes 87 us for a byte); only its HPET descends from QEMU's.
It runs here at 100 million instructions a second: ten times slower, measured by its own clock, than QEMU in the
other tests. All runs are deterministic. A machine without Bochs fails these tests; it does not skip them.
"""

import re

import pytest

import bochs
import hostile
from conftest import SHORT

# Real seconds for one run, which takes about 30 s of processor time; only a hang comes near.
TIME_LIMIT_S = 900


@pytest.fixture
def selftest(iso, entry):
    """Returns run(more words for the boot line, images to keep or None for all, **machine): the serial text."""
    def run(words="", only=None, change=lambda modules: modules, **machine):
        boot_line, modules = entry("selftest", only)
        image = iso(f"{boot_line} {words}", change(modules))
        text, trouble = bochs.run(image, time_limit_s=TIME_LIMIT_S, **machine)
        assert trouble is None, f"{trouble}\nSerial output:\n{text}"
        return text
    return run


def passed(text):
    """Asserts that every test succeeded, and that the last line has counted them."""
    assert not re.search(r"^selftest: [^:\n]+: (skip|error|failure):", text, re.MULTILINE), text
    match = re.search(r"^selftest: (\d+) passed, 0 failed$", text, re.MULTILINE)
    assert match, text
    assert int(match.group(1)) == len(re.findall(r"^selftest: [^:\n]+: success:", text, re.MULTILINE)) > 0, text


@pytest.mark.parametrize("cpu", [bochs.NEW_CPU, bochs.OLD_CPU])
def test_selftest(selftest, cpu):
    passed(selftest(cpu=cpu))


@pytest.mark.parametrize("words, clock, event", [
    ("clockevent=lapic-oneshot", "tsc", "lapic"),
    ("clockevent=hpet", "tsc", "hpet"),
    ("clocksource=hpet", "hpet", "lapic"),
    ("clocksource=pmtimer clockevent=hpet", "pmtimer", "hpet"),
])
def test_other_chips(selftest, words, clock, event):
    text = selftest(words, SHORT)
    passed(text)
    assert re.search(rf"^\[.*\] clock: {clock} at", text, re.MULTILINE), text
    assert re.search(rf"^\[.*\] timer events: {event}, ", text, re.MULTILINE), text


# One has both, the other the mode alone, which then takes a fence; the third has errata and no new microcode.
@pytest.mark.parametrize("cpu, apic, event", [
    ("corei7_ivy_bridge_3770k", "x2APIC", "tsc-deadline"),
    ("corei7_sandy_bridge_2600k", "xAPIC", "tsc-deadline"),
    ("corei7_skylake_x", "x2APIC", "lapic"),
])
def test_tsc_deadline(selftest, cpu, apic, event):
    text = selftest("", SHORT, cpu=cpu)
    passed(text)
    assert re.search(rf"^\[.*\] local APIC: id 0, {apic} mode", text, re.MULTILINE), text
    assert re.search(rf"^\[.*\] timer events: {event}, ", text, re.MULTILINE), text


def test_without_hpet(selftest):
    """Calibrated against the PM timer."""
    text = selftest("", SHORT, no_hpet=True)
    passed(text)
    assert re.search(r"measured against pmtimer", text), text


# One with SMEP, SMAP and UMIP, one with none of them. (As OLD_CPU Bochs ends itself: it lacks a 3DNow! instruction.)
@pytest.mark.parametrize("cpu", [bochs.NEW_CPU, "core2_penryn_t9600"])
def test_hostile_guests(build, iso, cpu):
    """A machine that is slower than its guests' events, so nothing is said about lateness; and it has no exit status."""
    image = iso("mode=fuzz exit=debug fuzz_seed=9000000 fuzz_ops=10000", hostile.modules(build, late=None))
    text, trouble = bochs.run(image, time_limit_s=TIME_LIMIT_S, last_line=r"^fuzz: (success|failure)|" + bochs.LAST_LINE, cpu=cpu)
    assert trouble is None, f"{trouble}\nSerial output:\n{text}"
    figures, problems = hostile.judge(text)
    assert not problems, text
    assert figures["operations"] >= 10000 and figures["turns"] > 0


def test_a_wrong_expectation_fails(selftest):
    """The verdict comes from the text, so a failure in the text must be one here."""
    def turn(modules):
        return [(file, line.replace("expect=exit:0", "expect=exit:77")) for file, line in modules]
    text = selftest("", ("hello",), turn)
    with pytest.raises(AssertionError):
        passed(text)
    assert re.search(r"^selftest: hello: failure: .*exit code 0$", text, re.MULTILINE), text


def test_a_hang_is_no_success(iso, entry):
    """The demonstration never says the self-test's last line."""
    text, trouble = bochs.run(iso(*entry("demo")), time_limit_s=1)
    assert trouble == "it did not end within 1 s", text
