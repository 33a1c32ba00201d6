# SPDX-License-Identifier: BSD-2-Clause
"""No tick anywhere, and never early: exact counts in deterministic time."""

import json
import re

GUESTS = 10
IDLE = f"guest count={GUESTS} mem=1M expect=silence timeout=20s -- work=idle"
EVENTS = 10000


def test_ten_idle_guests_cause_no_interrupt(boot):
    outcome = boot("mode=selftest exit=debug", [("guest", IDLE)]).succeeded()
    outcome.says(r"^selftest: guest: success: no hardware interrupt in 20 s, 10 guests$")


def test_a_tick_is_noticed(boot):
    """The same test fails when the guests tick: 10 guests at 100 Hz for 20 s are 20,000 interrupts."""
    outcome = boot("mode=selftest exit=debug", [("guest", IDLE + " hz=100")])
    assert outcome.status != 33, outcome.text
    count = int(outcome.says(r"^selftest: guest: failure: (\d+) hardware interrupts").group(1))
    assert abs(count - 20000) <= 200


def test_a_single_interrupt_is_noticed(boot):
    """One timer of one guest in the measured time is enough."""
    sleeper = "guest mem=1M expect=silence timeout=20s -- work=random n=1000000 timers=1 bits=34"
    outcome = boot("mode=selftest exit=debug", [("guest", sleeper)])
    assert outcome.status != 33, outcome.text
    outcome.says(r"^selftest: guest: failure: \d+ hardware interrupts")


def test_random_one_shots_are_never_early(boot):
    """100,000 random one-shots over ten guests; each guest looks at the clock itself."""
    line = f"guest count={GUESTS} mem=1M -- work=random n={EVENTS}"
    outcome = boot("mode=bench exit=debug", [("guest", line)]).succeeded()
    reports = [json.loads(text) for text in re.findall(r"^@json random (.*)$", outcome.text, re.MULTILINE)]
    assert len(reports) == GUESTS, outcome.text
    for report in reports:
        assert report["events"] == EVENTS and report["early"] == 0
        late = [report["lateness_ns"][key] for key in ("min", "median", "p99", "max")]
        assert 0 <= late[0] and late == sorted(late)
