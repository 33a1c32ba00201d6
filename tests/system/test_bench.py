# SPDX-License-Identifier: BSD-2-Clause
"""What the time path costs, in instructions: a figure that rises above its limit fails, and so does a README that tells
other figures than this build has.

The limits hold for what gcc makes of the sources. A change that lowers a figure lowers its limit with it: three per cent
above the median, rounded up, and the same above the 99th percentile. `tools/bench.py build/bench.iso --limits` prints them.
"""

import re
from pathlib import Path

import bench
import pytest
import readme

# figure: (limit of the median, limit of the 99th percentile, goal)
LIMITS = {
    "hypercall_null_int": (32, 32, 40),
    "hypercall_null_syscall": (42, 42, 40),
    "arm_head": (111, 111, 120),
    "rearm_later": (9, 9, 12),
    "exception_reflect_bp": (144, 144, 150),
    "clock_read": (31, 31, None),
    "expiry_to_handler_running": (224, 890, 180),
    "expiry_to_handler_blocked": (303, 303, 250),
    "block_wake": (617, 617, 600),
    "block_wake_one_call": (591, 591, 600),
    "arm_deadline": (123, 123, 120),
    "arm_deadline_slack": (232, 232, None),
    "doorbell_pingpong": (1000, 1000, 1000),
}

pytestmark = pytest.mark.xdist_group("bench")
runs = []


@pytest.fixture
def run(boot, entry):
    """Returns run(n): the figures of the n-th run, and its lines; made when first asked for."""
    def get(n):
        while len(runs) <= n:
            boot_line, modules = entry("bench")
            outcome = boot(f"{boot_line} exit=debug report=json", modules).succeeded()
            figures, problems = bench.parse(outcome.text)
            assert not problems
            runs.append((figures, re.findall(r"^@json micro .*$", outcome.text, re.MULTILINE)))
        return runs[n]
    return get


@pytest.fixture
def by_gcc(build):
    if build.name == "clang":
        pytest.skip("the limits and the README are those of the build with gcc")


def over(figures):
    """Sentences, one for each figure that is above its limit."""
    return [f"{figure['name']}: {what} is {figure[key]} instructions, the limit is {limit}, the goal {goal or 'none'}"
            for figure in figures
            for (median, p99, goal) in [LIMITS[figure["name"]]]
            for what, key, limit in (("the median", "median", median), ("the 99th percentile", "p99", p99))
            if figure[key] > limit]


def test_no_figure_is_above_its_limit(run, by_gcc):
    figures, _ = run(0)
    assert [figure["name"] for figure in figures] == list(LIMITS)
    assert all(figure["unit"] == "instructions" for figure in figures)
    assert not over(figures), "\n".join(over(figures))


def test_the_limits_stand_beside_the_goals():
    assert {name: goal for name, (_, _, goal) in LIMITS.items()} == \
        {name: goals[0] for name, goals in bench.GOALS.items()}


def test_two_runs_are_equal(run):
    assert run(0)[1] == run(1)[1]


def test_readme_has_these_figures(run, by_gcc):
    committed = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["bench"]
    pairs = readme.differences(committed, bench.table(run(0)[0]))
    assert not pairs, readme.complaint("bench", pairs)


def test_a_figure_above_its_limit_is_named():
    figure = {"name": "arm_head", "median": LIMITS["arm_head"][0] + 1, "p99": 0}
    assert len(over([figure])) == 1 and "arm_head: the median is" in over([figure])[0]
    assert not over([{**figure, "median": LIMITS["arm_head"][0]}])
    assert len(over([{**figure, "p99": 10 ** 6}])) == 2


def test_parse_can_fail():
    assert bench.parse("")[1]
    assert bench.parse("@json micro {\n")[1]
    assert bench.parse('@json micro {"name": "arm_head"}\n')[1]
