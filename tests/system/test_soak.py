# SPDX-License-Identifier: BSD-2-Clause
"""The short soak: hours of virtual uptime on every clock and timer. `make soak` runs a month of each."""

import pytest

import soak

HOURS = 8
TIME_LIMIT_S = 900


@pytest.mark.parametrize("name", soak.RUNS)
def test_soak(build, name):
    figures, problems, text = soak.soak(build, name, HOURS, TIME_LIMIT_S)
    assert not problems, f"{problems}\n{text}"
    # Sleeps of up to 18 minutes: longer than most chips can count, and an HPET with 64 bits is not woken on the way.
    assert (figures["range"] > 0) == (name in soak.SHORT_RANGE)


def test_lines_for_the_readme():
    figures = {"time_ns": 86400 * 10**9, "rounds": 2, "events": 3, "latest_ns": 4500, "interrupts": 6, "range": 7,
               "clock": "tsc", "ahead_ns": -8, "reference": "hpet", "bound_ns": 9 * 10**9}
    assert soak.lines({"hpet32": figures, "tsc": figures, "hpet64": None}) == [
        f"soak {name}: 1.0 days, 2 rounds, 3 events, latest 4.5 us, 6 timer interrupts of which 7 only for the chip's "
        "range; tsc -8 ns against hpet, bound 9.000 s" for name in ("tsc", "hpet32")]


def test_every_kind_of_trouble_is_seen():
    """The judge says no: the same text with one thing wrong at a time."""
    good = ('@json soak {"time_ns": 28800000000001, "events": 20000, "latest_ns": 1000, "ahead_ns": -3, '
            '"bound_ns": 3, "early": 0, "lost": 0, "late": 0, "useless": 0, "violations": 0}\n'
            'soak: success\n')
    assert soak.judge(good, HOURS)[1] == []
    for old, new in [("success", "failure: a timer stayed armed"), ("28800000000001", "28799999999999"),
                     ("20000", "2"), ('"latest_ns": 1000', '"latest_ns": 1000001'), ("-3", "-4"), ("-3", "4"),
                     ("soak: success", ""), ('"early": 0', '"early": 1'), ('"lost": 0', '"lost": 1'),
                     ('"late": 0', '"late": 1'), ('"useless": 0', '"useless": 1'),
                     ('"violations": 0', '"violations": 1'), ("@json", "json")]:
        assert old in good
        assert len(soak.judge(good.replace(old, new), HOURS)[1]) == 1, new
