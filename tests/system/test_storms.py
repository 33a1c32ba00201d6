# SPDX-License-Identifier: BSD-2-Clause
"""Storms: what guests that do one thing as fast as they can cost an honest one beside them. `make storms` prints them all."""

import pytest

import storms

TIME_LIMIT_S = 1200  # only a hang comes near, however busy the host is

RUNS = [("doorbell", 1), ("console", 1), ("doorbell", 10), ("all", 10), ("nap", 100), ("spin", 100), ("all", 100)]


@pytest.fixture(scope="module")
def run(build):
    runs = {}

    def get(kind, attackers):
        if (kind, attackers) not in runs:
            found, text = storms.run(build, kind, attackers, TIME_LIMIT_S)
            assert found is not None, text
            runs[kind, attackers] = found
        return runs[kind, attackers]
    return get


@pytest.mark.parametrize("kind,attackers", RUNS)
def test_a_neighbour_wakes_in_time(run, kind, attackers):
    found = run(kind, attackers)
    assert found["events"] > 300
    assert found["p999_ns"] <= storms.bound_ns(attackers), found


def test_they_do_storm(run):
    """What is withstood must have been there."""
    assert run("doorbell", 1)["rings"] > 50_000
    assert run("all", 10)["rings"] > 1_000


def test_who_computes_keeps_its_cpu(build):
    """Beside one that sleeps so shortly that it always interrupts: it may do so as often as the limit lets it."""
    found, text = storms.run_computing(build, "nap", TIME_LIMIT_S)
    assert found is not None, text
    assert found["keeps"] >= storms.KEEPS, found
    assert found["interrupts_hz"] > 10_000 and found["deferred"] > 50, found  # it does storm


def test_a_broken_run_is_no_success():
    assert storms.figures("neighbour: nothing\n") is None
    good = "storm: nap, 5 turns, 2 deferred\nneighbour: 9 events, 8 rings, late by p50 1 p99 2 p999 3 max 4 ns\nstorm: nap, 5 turns, 7 deferred\n"
    assert storms.figures(good) == {"events": 9, "rings": 8, "p50_ns": 1, "p99_ns": 2, "p999_ns": 3, "max_ns": 4, "deferred": 9}
    assert storms.computing_figures("computing: nothing\n") is None
    assert storms.computing_figures("computing: 9 turns of 8 ns, 7 of 1000, 6 interrupts in 50 us\n") is None
    good = "computing: 9 turns of 8 ns, 7 of 1000, 6 interrupts in 50 us\nstorm: nap, 5 turns, 4 deferred\n"
    assert storms.computing_figures(good) == {"keeps": 7, "interrupts_hz": 120_000, "deferred": 4}
