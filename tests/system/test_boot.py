# SPDX-License-Identifier: BSD-2-Clause
"""Every machine that is promised boots and keeps time: q35 and pc, BIOS and UEFI, with and without HPET, with either
chip as clock event and either counter as clock source."""

import pytest

from conftest import unhurried


def passes_selftest(outcome):
    outcome.succeeded()
    match = outcome.says(r"^selftest: (\d+) passed, (\d+) failed$")
    assert int(match.group(1)) > 0 and int(match.group(2)) == 0, outcome.text


@pytest.mark.parametrize("clocksource", ["tsc", "hpet"])
@pytest.mark.parametrize("clockevent", ["lapic", "hpet"])
@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_chips(boot, short, machine, clockevent, clocksource):
    boot_line, modules = short
    outcome = boot(f"{boot_line} clockevent={clockevent} clocksource={clocksource}", modules, machine=machine)
    passes_selftest(outcome)
    outcome.says(rf"timer events: {clockevent}\b")
    outcome.says(rf"clock: {clocksource} at")


def test_whole_selftest_on_hpet_alone(boot, entry):
    """The chip that is not the first choice carries everything: clock and timer events, on the other machine."""
    boot_line, modules = entry("selftest")
    passes_selftest(boot(f"{boot_line} exit=debug clockevent=hpet clocksource=hpet", modules, machine="pc"))


def test_narrow_hpet(boot, short):
    """With 32 bits the clock must be read before it wraps, every 42 s here, and events go no further."""
    boot_line, modules = short
    outcome = boot(f"{boot_line} hpet=32 clockevent=hpet clocksource=hpet", modules)
    passes_selftest(outcome)
    outcome.says(r"hpet: \d+ Hz, 32 bits")
    outcome.says(r"timer events: hpet, up to 21 s ahead")


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_without_hpet(boot, short, machine):
    outcome = boot(*short, machine=machine, no_hpet=True)
    passes_selftest(outcome)
    outcome.says(r"no usable HPET")
    outcome.says(r"timer events: lapic\b")


def test_hpet_asked_for_but_absent(boot, short):
    boot_line, modules = short
    outcome = boot(f"{boot_line} clockevent=hpet clocksource=hpet", modules, no_hpet=True)
    passes_selftest(outcome)
    outcome.says(r"no usable HPET")
    outcome.says(r"warning: clockevent=hpet: .*trying the other one")
    outcome.says(r"warning: clocksource=hpet: .*choosing another")


# Guests that expect something to have happened, or not, by a given time. In real time a busy host breaks that.
PUNCTUAL = ("timer_periodic", "timer_replace", "timer_stop")


@pytest.fixture
def calm(short):
    """The short self-test for real time."""
    boot_line, modules = short
    return boot_line, unhurried((file, line) for file, line in modules if file.stem not in PUNCTUAL)


# UEFI firmware takes a minute under icount, so these run in real time.
@pytest.mark.parametrize("no_hpet", [False, True])
@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_uefi(boot, calm, machine, no_hpet):
    passes_selftest(boot(*calm, machine=machine, uefi=True, no_hpet=no_hpet, icount=False))


def test_real_time_bios(boot, calm):
    passes_selftest(boot(*calm, icount=False))


# The ISO is a disk too, with a partition table for either kind of firmware: it is written to a stick as it is.
@pytest.mark.parametrize("uefi", [False, True])
def test_usb_stick(boot, calm, uefi):
    passes_selftest(boot(*calm, uefi=uefi, usb=True, icount=False))
