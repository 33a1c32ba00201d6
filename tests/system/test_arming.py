# SPDX-License-Identifier: BSD-2-Clause
"""Slack saves wake-ups, as many as can be saved, and makes nothing early or later than it allows."""

import json

import arming


def test_arming(boot, entry):
    boot_line, modules = entry("arming")
    outcome = boot(f"{boot_line} exit=debug", modules).succeeded()
    rows, problems = arming.parse(outcome.text)
    assert not problems, problems
    runs = {row["run"]: row for row in rows}
    exact, little, much = (runs[name]["hardware_interrupts"] for name in arming.SLACKS)
    # A slack of a hundredth is worth a third of the wake-ups of a hundred guests, a tenth three quarters.
    assert little < exact * 0.7 and much < exact * 0.25
    assert all(runs[name]["events"] > 20000 for name in arming.SLACKS)
    # No way of arming takes more traps than the classic one.
    per_event = {name: runs[name]["hypercalls"] / runs[name]["events"] for name in arming.TRAPS}
    assert per_event["default"] <= per_event["idle=halt"] <= per_event["arm=call"] * 1.001, per_event


ROW = {"run": "slack 1 %", "guests": 100, "time_ns": 10 ** 9, "events": 10, "early": 0, "hardware_interrupts": 5,
       "saved": 5, "hypercalls": 10, "beyond_window_ns": 100, "fewest": 5}


def test_checks_can_fail():
    assert not arming.check("slack 1 %", ROW)
    for change in ({"early": 1}, {"beyond_window_ns": 10 ** 6}, {"hardware_interrupts": 8}, {"hardware_interrupts": 4},
                   {"saved": 0}, {"saved": 11}):
        assert arming.check("slack 1 %", {**ROW, **change}), change
    assert arming.check("slack 0 %", ROW)
    assert len(arming.parse("")[1]) == 1 + len(arming.SLACKS) + len(arming.TRAPS)
    assert arming.parse("@json arming {")[1]
    assert arming.parse("@json arming " + json.dumps({"run": "slack 0 %"}))[1]


def test_fewest_wakeups():
    assert arming.fewest([(100, 10)], 0, 1000) == 10
    assert arming.fewest([(100, 10), (100, 15)], 0, 1000) == 20
    assert arming.fewest([(100, 10), (100, 15)], 50, 1000) == 10  # [10, 15] and [15, 20] meet at 15
    assert arming.fewest([(100, 10), (100, 15)], 40, 1000) == 20
    assert arming.fewest([], 0, 1000) == 0
