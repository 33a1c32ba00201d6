# SPDX-License-Identifier: BSD-2-Clause
"""The cycle-count benchmarks exist, and none is more than three times its goal."""

import bench

ALLOWED = 3


def test_bench(boot, entry):
    boot_line, modules = entry("bench")
    outcome = boot(f"{boot_line} exit=debug report=json", modules).succeeded()
    figures, problems = bench.parse(outcome.text)
    assert not problems
    missing = set(bench.GOALS) - {figure["name"] for figure in figures}
    assert not missing
    slow = [f"{figure['name']}: {figure['median']}, goal {bench.GOALS[figure['name']][0]}" for figure in figures
            if bench.GOALS[figure["name"]][0] is not None
            and figure["median"] > ALLOWED * bench.GOALS[figure["name"]][0]]
    assert not slow


def test_parse_can_fail():
    assert bench.parse("")[1]
    assert bench.parse("@json micro {\n")[1]
    assert bench.parse('@json micro {"name": "arm_head"}\n')[1]
