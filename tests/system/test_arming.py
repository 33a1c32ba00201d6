# SPDX-License-Identifier: BSD-2-Clause
"""Slack saves wake-ups, as many as can be saved, and makes nothing early or later than it allows. Each way of arming takes
the traps that it must and no more; the README tells the same figures."""

import json
from pathlib import Path

import arming
import pytest
import readme

pytestmark = pytest.mark.xdist_group("arming")
runs = []


@pytest.fixture
def found(boot, entry):
    """The figures of one run, made when first asked for."""
    if not runs:
        boot_line, modules = entry("arming")
        rows, problems = arming.parse(boot(f"{boot_line} exit=debug", modules).succeeded().text)
        assert not problems, problems
        runs.append(rows)
    return runs[0]


def test_slack_saves_wakeups(found):
    rows = {row["run"]: row for row in found["slack"]}
    exact, little, much = (rows[name]["wakeups"] for name in arming.SLACKS)
    # A slack of a hundredth is worth a third of the wake-ups of a hundred guests, a tenth three quarters.
    assert little < exact * 0.7 and much < exact * 0.25
    assert all(rows[name]["events"] > 20000 for name in arming.SLACKS)


def traps(found, work):
    """{way: (traps to arm, row)}"""
    rows = {row["run"].partition(", ")[2]: row for row in found["traps"] if row["run"].startswith(f"{work}, ")}
    return {way: (sum(row[key] for key in arming.ARMING), row) for way, row in rows.items()}


@pytest.mark.parametrize("work", arming.WORKS)
def test_each_way_is_what_its_name_says(found, work):
    rows = traps(found, work)
    assert list(rows) == list(arming.WAYS)
    for way, (armed, row) in rows.items():
        # The same work in each, and one trap for each wait; nothing but these two kinds. The guest and the hypervisor look at
        # the same moment in turn, so a call may lie between.
        assert row["hypercalls"] == armed + row["wakeups"] + row["other"] and 0 <= row["other"] <= 1, row
        assert [row[key] for key in (*arming.OPERATIONS, "wakeups")] == \
            [rows["default"][1][key] for key in (*arming.OPERATIONS, "wakeups")], row
        assert (row["set_clockevent"] != 0) == (way == "arm=call") and (row["halt"] == 0) == (row["block"] != 0)
        assert (row["block"] != 0) == (way in ("idle=block", "default"))


def test_timeouts_that_come_to_nothing_cost_nothing(found):
    rows = traps(found, "timeouts")
    row = rows["default"][1]
    assert row["cancels"] > 19000 and row["cancels"] > 0.98 * row["arms"]
    # As in 2007, a time-out that is the first is a trap when it is armed or cancelled: two of three here.
    assert rows["arm=call"][0] > 0.6 * row["cancels"]
    # By the page, only an event that has come, and after which nothing is held, can need one.
    # (or, now and then, the slice of a thread that is not alone).
    assert 0 < rows["idle=halt"][0] <= row["expiries"] * 1.05 and 0 < rows["idle=block"][0] <= row["expiries"] * 1.05
    # And if the hypervisor knows what follows, hardly any of those.
    assert rows["default"][0] <= row["expiries"] // 8
    assert row["hypercalls"] <= row["wakeups"] + row["expiries"] // 8


def test_a_sleep_is_one_trap(found):
    rows = traps(found, "demo")
    expiries = rows["default"][1]["expiries"]
    assert expiries > 150
    assert rows["arm=call"][0] > expiries  # after each, and for each sleep that comes to be the first
    assert rows["idle=halt"][0] == rows["idle=block"][0] == expiries
    assert rows["default"][0] == 0 and rows["default"][1]["hypercalls"] == expiries


def test_readme_has_these_figures(found, build):
    if build.name == "clang":
        pytest.skip("the README has the figures of the build with gcc")
    committed = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["savings"]
    pairs = readme.differences(committed, arming.table(found))
    assert not pairs, readme.complaint("savings", pairs)


SLACK = {"run": "slack 1 %", "guests": 100, "time_s": 1.0, "events": 10, "wakeups": 5, "fewest": 5, "saved": 5,
         "beyond_window_ns": 100}
RAW = {"work": "demo", "way": "default", "time_ns": 10 ** 9, "hypercalls": 1000}
COUNTED = {"arms": 9, "cancels": 1, "expiries": 8, "set_clockevent": 0, "set_deadline": 100, "halt": 0, "block": 900}


def test_checks_can_fail():
    assert not arming.check_slack(SLACK)
    for change in ({"beyond_window_ns": 10 ** 6}, {"wakeups": 8}, {"wakeups": 4}, {"saved": 0}, {"saved": 11}):
        assert arming.check_slack({**SLACK, **change}), change
    assert arming.check_slack({**SLACK, "run": "slack 0 %"})
    assert not arming.check_traps(arming.trap_row(RAW, COUNTED))
    for change in ({"set_deadline": 101}, {"block": 880}, {"set_deadline": 1000, "block": 0}, {"arms": 0}):
        assert arming.check_traps(arming.trap_row(RAW, {**COUNTED, **change})), change


def test_parse_can_fail():
    assert len(arming.parse("")[1]) == 1 + len(arming.SLACKS) + len(arming.WORKS) * len(arming.WAYS)
    assert "JSONDecodeError" in arming.parse("@json arming {")[1][0]
    assert "KeyError" in arming.parse("@json arming " + json.dumps({"run": "slack 0 %"}))[1][0]
    assert "TypeError" in arming.parse("arming: @json timers " + json.dumps(COUNTED))[1][0]


def test_fewest_wakeups():
    assert arming.fewest([(100, 10)], 0, 1000) == 10
    assert arming.fewest([(100, 10), (100, 15)], 0, 1000) == 20
    assert arming.fewest([(100, 10), (100, 15)], 50, 1000) == 10  # [10, 15] and [15, 20] meet at 15
    assert arming.fewest([(100, 10), (100, 15)], 40, 1000) == 20
    assert arming.fewest([], 0, 1000) == 0
