# SPDX-License-Identifier: BSD-2-Clause
"""What time costs does not depend on the number of guests, and guests that wait cost nothing: exact counts."""

import json
from pathlib import Path

import curve
import pytest
import readme

GUESTS = 1000
GUEST_KIB_MAX = 64


def test_curve(boot, entry, build):
    boot_line, modules = entry("curve")
    outcome = boot(f"{boot_line} exit=debug curve_guests={GUESTS}", modules).succeeded()
    points, problems = curve.parse(outcome.text, GUESTS)
    assert not problems, outcome.text
    assert not curve.not_silent(points)
    assert all(point["guest_kib"] <= GUEST_KIB_MAX for point in points)
    for point in points:
        if point["series"] in ("steady", "growing"):
            wanted = 1000 if point["series"] == "steady" else 10 * point["guests"]
            assert abs(point["events_per_s"] - wanted) <= max(1, wanted * 0.01), point
            # One interrupt for each event, fewer where events of different guests coincide.
            assert point["hardware_interrupts"] <= point["events"] + 2, point
    uneven = {what: spread for what, spread in curve.spreads(points).items() if spread[2] > curve.FLAT}
    assert len(curve.spreads(points)) == 4 and not uneven
    if build.name != "clang":  # whose figures are others
        assert_readme_has(points)


def assert_readme_has(points):
    """The README goes further, so its columns are wider."""
    committed = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["curve"]
    measured = [" ".join(line.split()) for line in curve.summary(points)]
    pairs = readme.differences([" ".join(line.split()) for line in committed[:len(measured)]], measured)
    assert not pairs, readme.complaint("curve", pairs)


def test_a_guest_that_ticks_is_noticed(boot, entry):
    boot_line, modules = entry("curve")
    outcome = boot(f"{boot_line} exit=debug curve_guests=1", [(modules[0][0], "guest mem=8K -- hz=1")]).succeeded()
    points, _ = curve.parse(outcome.text, 1)
    assert {point["series"] for point in curve.not_silent(points)} == {"idle", "far"}


def test_memory_that_does_not_suffice_is_said(boot, entry):
    boot_line, modules = entry("curve")
    outcome = boot(f"{boot_line} exit=debug curve_guests=1000", modules, memory="48M").succeeded()
    outcome.says(r"curve: 1000 guests need \d+ pages and \d+ are free")
    _, problems = curve.parse(outcome.text, GUESTS)
    assert len(problems) == len(curve.SERIES)


LINE = {"series": "far", "guests": 10, "guest_pages": 14, "time_ns": 10 ** 9, "events": 0, "early": 0,
        "hardware_interrupts": 0, "hypercalls": 0, "switches": 0, "hypervisor_ticks": 0, "guest_ticks": 0,
        "lateness_ns": {"min": 0, "median": 0, "p99": 0, "max": 0}}


def points_of(**changes):
    return curve.parse("@json curve " + json.dumps({**LINE, **changes}), 0)[0]


@pytest.mark.parametrize("key", ["events", "hardware_interrupts", "switches", "hypervisor_ticks", "guest_ticks"])
def test_one_of_anything_is_not_silent(key):
    assert not curve.not_silent(points_of())
    assert curve.not_silent(points_of(**{key: 1}))


def test_parse_can_fail():
    assert len(curve.parse("", 10)[1]) == 8
    assert curve.parse("@json curve {", 0)[1]
    assert curve.parse('@json curve {"series": "far"}', 0)[1]
    assert curve.parse("@json curve " + json.dumps({**LINE, "early": 1}), 0)[1]


def test_a_slope_is_noticed():
    """From ten guests up; one guest may cost less."""
    points = [point for guests, cost in ((1, 50), (10, 100), (100, 121))
              for point in points_of(series="steady", guests=guests, events=10, hypervisor_ticks=10 * cost)]
    found = curve.spreads(points)
    assert found["hypervisor_instructions_per_event (steady)"][2] > curve.FLAT
