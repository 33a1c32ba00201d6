# SPDX-License-Identifier: BSD-2-Clause
"""Storms: what guests that do one thing as fast as they can cost an honest one beside them. `make storms` prints them all."""

import pytest

import storms

TIME_LIMIT_S = 1200  # only a hang comes near, however busy the host is

RUNS = [("doorbell", 1), ("console", 1), ("doorbell", 10), ("nap", 10), ("all", 10), ("nap", 100), ("all", 100)]


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
    assert run("nap", 10)["deferred"] > 100


def test_a_broken_run_is_no_success():
    assert storms.figures("neighbour: nothing\n") is None
    good = "storm: nap, 5 turns, 2 deferred\nneighbour: 9 events, 8 rings, late by p50 1 p99 2 p999 3 max 4 ns\nstorm: nap, 5 turns, 7 deferred\n"
    assert storms.figures(good) == {"events": 9, "rings": 8, "p50_ns": 1, "p99_ns": 2, "p999_ns": 3, "max_ns": 4, "deferred": 9}
