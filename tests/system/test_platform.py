# SPDX-License-Identifier: BSD-2-Clause
"""A machine that lacks something gets a sentence that says what, and either works without it or stops."""

import json

import pytest

import qemu


def test_no_long_mode(console):
    """Nothing can run here: the machine says so and halts."""
    machine = console("mode=selftest exit=debug", [("guest", "guest")], cpu="max,-lm")
    machine.expect("this CPU has no 64-bit mode")


def test_little_acpi(boot, short):
    """With acpi=off the firmware still leaves tables, but none that says how to power off."""
    boot(*short, acpi=False).succeeded().says(r"warning: acpi: .*power-off by ACPI is not possible")


@pytest.mark.parametrize("missing", ["-smep", "-smap", "-umip", "-nx", "-smep,-smap,-umip,-nx,-fsgsbase,-rdtscp,-pge"])
def test_fewer_protections(boot, short, missing):
    boot_line, modules = short
    if "-nx" in missing:
        # One of its cases is a jump into data, which only NX forbids.
        modules = [(file, line) for file, line in modules if file.stem != "exceptions"]
    boot(boot_line, modules, cpu=f"max,{missing}").succeeded()


def test_oldest_cpu(boot, entry):
    """qemu64 has long mode and little else; the whole self-test still passes."""
    boot_line, modules = entry("selftest")
    boot(f"{boot_line} exit=debug", modules, cpu="qemu64").succeeded()


@pytest.mark.parametrize("words, said", [
    ("", r"tsc at 1000000000 Hz, measured against hpet to \d+ ppb"),
    ("clocksource=hpet", "hpet at 100000000 Hz, by its own account"),
    ("clocksource=pmtimer", "pmtimer at 3579545 Hz, by its own account"),
])
def test_the_clock_says_its_rate(boot, words, said):
    """And the log's times begin with it, whichever it is: the loader's time is in none of them."""
    outcome = boot(f"mode=selftest exit=debug {words}", [("hello", "hello expect=exit:0")]).succeeded()
    assert float(outcome.says(rf"^\[ *(\d+\.\d+)\] clock: {said}\r?$")[1]) < 0.01


# A sleep of a millisecond, of 17 ms and of 17 s is longer than the threshold of the dead-man's switch in two cases.
SLEEPS = "guest mem=1M -- work=random n=300 timers=1 bits=34"


@pytest.mark.parametrize("words, cpu, help_line", [
    ("", "max", "the HPET is set behind the LAPIC timer"),
    ("deadman=all", "max", "the HPET is set behind the LAPIC timer"),
    ("handover=on", "max", "the HPET takes the LAPIC timer's place"),
    ("", "max,-arat", "the HPET takes the LAPIC timer's place"),
])
def test_second_chip(boot, words, cpu, help_line):
    """A second chip for sleeps, in health: no event early or late, no interrupt for nothing, no interrupt lost."""
    outcome = boot(f"mode=soak soak_hours=1 exit=debug {words}", [("guest", SLEEPS)], cpu=cpu).succeeded()
    outcome.says(rf"sleep: {help_line}")
    figures = json.loads(outcome.says(r"^@json soak (.*)$").group(1))
    assert figures["early"] == figures["lost"] == figures["late"] == figures["useless"] == figures["violations"] == 0
    assert figures["latest_ns"] < 10_000


def test_no_second_chip(boot, short):
    """Without ARAT and without an HPET there is a warning with a remedy, and everything works here all the same."""
    boot_line, modules = short
    outcome = boot(boot_line, modules, cpu="max,-arat", no_hpet=True).succeeded()
    outcome.says(r"warning: .*no ARAT.*C1")


def test_little_memory_for_a_trace(boot):
    """It stays off, which is said, with what to do; nothing of what it had got is kept from the guests."""
    outcome = boot("mode=selftest exit=debug trace=all trace_records=4194304", [("hello", "hello count=3 mem=8M expect=exit:0")],
                   memory="64M", smp=2)
    outcome.succeeded().says(r"warning: memory is out for a trace, and it stays off; ask for fewer records \(trace_records=\)")


def test_little_memory(boot):
    """Too little for all guests of a test: it is refused by name, and the next one has all that there was."""
    outcome = boot("mode=selftest exit=debug", [("spin", "spin count=10 mem=16M expect=kill:operator"),
                                                ("hello", "hello mem=32M expect=exit:0")], memory="64M")
    outcome.says(r"selftest: spin: failure: .*memory is out: it needs \d+ KiB and \d+ KiB are left; ask for less")
    outcome.says(r"selftest: hello: success")
    assert outcome.status not in (qemu.EXIT_SUCCESS, None)


@pytest.mark.parametrize("cpu, says", [
    ("max", None),  # QEMU's emulator makes that an AMD CPU
    ("max,vendor=GenuineIntel", "this CPU does not say that it is free of Meltdown: a guest may read all memory; "),
])
def test_what_the_cpu_leaks_is_said(boot, cpu, says):
    outcome = boot("mode=selftest exit=debug", [("hello", "hello expect=exit:0")], cpu=cpu).succeeded()
    if says:
        outcome.says(rf"warning: {says}")
    else:
        outcome.never_says("a guest may")
