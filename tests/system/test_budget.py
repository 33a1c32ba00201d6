# SPDX-License-Identifier: BSD-2-Clause
"""Where the instructions of the time path go: the table in hv/README.md is that of this build."""

import subprocess
import sys
from pathlib import Path

import budget
import figures
import flow
import mkiso
import pytest
import readme


def test_readme_has_the_budget_of_this_build(build, tmp_path):
    if build.name == "clang":
        pytest.skip("the README has the figures of the build with gcc")
    iso = tmp_path / "budget.iso"
    mkiso.build(iso, build / "lull.elf", *mkiso.entry("mode=bench exit=debug",
                                                      [(build / "guest.elf", "micro -- work=micro n=100")]))
    done = subprocess.run([sys.executable, "tools/budget.py", str(iso), str(build / "lull.elf"), "--output",
                           str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200,
                          check=False)
    assert done.returncode == 0, done.stdout
    paths = figures.read(tmp_path / "budget.json")
    assert paths.keys() == budget.PATHS.keys()
    for name, path in paths.items():
        assert sum(count for _, _, count in path["functions"]) == path["instructions"], name
    committed = readme.blocks(Path("hv/README.md").read_text(encoding="utf-8"))["budget"]
    pairs = readme.differences(committed, readme.text_lines(tmp_path / "budget.txt"))
    assert not pairs, readme.complaint("budget", pairs)
    committed = readme.blocks(Path("hv/time/README.md").read_text(encoding="utf-8"))["flow"]
    pairs = readme.differences(committed, flow.lines(tmp_path / "budget.json"))
    assert not pairs, readme.complaint("flow", pairs)
    sums = {stage: sum(step[stage] for step in flow.steps(paths).values()) for stage in flow.STAGES}
    assert sums == {stage: paths[stage]["instructions"] for stage in flow.STAGES}


def trace(*addresses):
    return [b"Trace 0: 0x7f00 [0000000000000000/%016x/0000c090/ff020201] \n" % address for address in addresses]


def test_passes_begin_at_the_ways_in():
    entries = {0x100: "entry_int", 0x200: "stub_240"}
    lines = trace(0x50, 0x100, 0x104, 0x200, 0x208, 0x20c)
    assert list(budget.passes(lines, entries)) == [("entry_int", [0x100, 0x104]), ("stub_240", [0x200, 0x208, 0x20c])]


def test_what_was_announced_and_not_executed_does_not_count():
    lines = trace(0x100, 0x104) + [b"Stopped execution of TB chain before 0x7f00 [104] \n"] + trace(0x104, 0x108)
    lines += [b"cpu_io_recompile: rewound execution of TB to 108\n"] + trace(0x108)
    assert list(budget.passes(lines, {0x100: "entry_int"})) == [("entry_int", [0x100, 0x104, 0x108])]


def test_the_median_counts_how_often():
    assert budget.median({(1,): 1, (1, 2): 3, (1, 2, 3): 1}) == (1, 2)
