# SPDX-License-Identifier: BSD-2-Clause
"""What the time path and each hypercall cost, in instructions: a figure that rises above its limit fails, and so does a page
that tells other figures than this build has.

The limits hold for what gcc makes of the sources. A change that lowers a figure lowers its limit with it: three per cent
above the median, rounded up, and the same above the 99th percentile. `tools/bench.py build/bench.iso build/floor.iso --limits` prints them.
"""

import json
import re
import subprocess
from pathlib import Path

import bench
import mkiso
import peers
import pytest
import qemu
import readme

# figure: (limit of the median, limit of the 99th percentile, goal)
LIMITS = {
    "hypercall_null_int": (32, 32, 40),
    "hypercall_null_syscall": (42, 42, 40),
    "arm_head": (108, 108, 120),
    "rearm_later": (8, 8, 12),
    "exception_reflect_bp": (144, 144, 150),
    "clock_read": (25, 25, None),
    "expiry_to_handler_running": (224, 823, 180),
    "expiry_to_handler_blocked": (295, 295, 250),
    "block_wake": (580, 580, 600),
    "block_wake_one_call": (555, 555, 600),
    "arm_deadline": (120, 120, 120),
    "arm_deadline_slack": (228, 228, None),
    "doorbell_pingpong": (998, 998, 1000),
    "clock_read_call": (41, 41, None),
    "clockevent_later": (83, 83, None),
    "clockevent_off": (101, 101, None),
    "periodic": (132, 132, None),
    "periodic_off": (117, 117, None),
    "deadline_later": (92, 92, None),
    "deadline_pending": (134, 134, None),
    "deadline_never": (120, 120, None),
    "runtime": (292, 292, None),
    "runtime_never": (123, 123, None),
    "watchdog_again": (127, 127, None),
    "watchdog_off": (107, 107, None),
    "halt_pending": (168, 168, None),
    "block_pending": (260, 260, None),
    "deliver_nothing": (93, 93, None),
    "deliver": (139, 139, None),
    "upcall_return": (170, 170, None),
    "set_upcalls": (120, 120, None),
    "doorbell_self": (146, 146, None),
    "yield": (45, 45, None),
    "counters": (107, 107, None),
    "run_times": (144, 144, None),
    "unknown_number": (93, 93, None),
    "console_write_1": (155, 155, None),
    "console_write_256": (3073, 3111, None),
    "console_read_nothing": (65, 65, None),
    "console_read_1": (125, 125, None),
    "console_read_64": (190, 190, None),
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


floor_runs = []


@pytest.fixture
def floor(build, tmp_path):
    """The figures of the floor kernel, and its lines, of two runs."""
    if not floor_runs:
        iso = tmp_path / "floor.iso"
        mkiso.build(iso, build / "floor.elf", *mkiso.entry("", [], "text"))
        for _ in range(2):
            done = subprocess.run(qemu.command(iso, icount=True), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
            assert done.returncode == qemu.EXIT_SUCCESS, done.stdout
            figures, problems = bench.parse_floor(done.stdout)
            assert not problems, done.stdout
            floor_runs.append((figures, re.findall(r"^@json floor .*$", done.stdout, re.MULTILINE)))
    return floor_runs


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
    goals = {name: goal for name, (_, _, goal) in LIMITS.items()}
    assert goals.keys() == bench.NAMES
    assert goals == {**dict.fromkeys(bench.NAMES), **bench.GOALS}


def test_two_runs_are_equal(run):
    assert run(0)[1] == run(1)[1]


def test_the_floor_is_exact_and_below(run, floor):
    """What the CPU does at least is a handful of instructions, the same each time, and nothing of ours costs less."""
    assert floor[0] == floor[1]
    figures = {figure["name"]: figure for figure in floor[0][0]}
    assert all(figure["unit"] == "instructions" for figure in figures.values())
    # int and iretq; syscall and sysret; the load of the register, int, the timer's register, iretq; int3, two to hand over
    # where it was, iretq, the handler's way back.
    assert [figures[name]["max"] for name in ("hypercall_null_int", "hypercall_null_syscall", "arm_head",
                                              "exception_reflect_bp")] == [2, 2, 4, 5]
    assert all(figure["max"] <= 20 for figure in figures.values()), figures
    least = bench.floors(floor[0][0])
    assert all(least[figure["name"]] < figure["min"] for figure in run(0)[0] if figure["name"] in least)


def test_readme_has_these_figures(run, floor, by_gcc):
    committed = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["bench"]
    pairs = readme.differences(committed, bench.table(run(0)[0], floor[0][0]))
    assert not pairs, readme.complaint("bench", pairs)


def test_the_page_of_the_abi_has_these_figures(run, by_gcc):
    committed = readme.blocks(Path("hv/shared/abi/README.md").read_text(encoding="utf-8"))["calls"]
    pairs = readme.differences(committed, bench.calls_table(run(0)[0]))
    assert not pairs, readme.complaint("calls", pairs)


def test_the_page_of_the_peers_has_these_figures(run, by_gcc):
    committed = readme.blocks(Path("tests/peers/README.md").read_text(encoding="utf-8"))["peers"]
    pairs = readme.differences(committed, peers.beside(run(0)[0], peers.recorded()))
    assert not pairs, readme.complaint("peers", pairs)


def test_every_hypercall_has_its_costs():
    numbers = re.findall(r"^#define HCALL_(\w+) \\?\n? *(\d+)", Path("hv/shared/abi/lull.h").read_text(encoding="ascii"),
                         re.MULTILINE)
    calls = [f"{number} {name}" for name, number in numbers if name != "COUNT"]
    assert len(calls) == 19
    assert [call for call, _, _ in bench.CALLS if call[:1].isdigit()] == calls


def test_a_figure_above_its_limit_is_named():
    figure = {"name": "arm_head", "median": LIMITS["arm_head"][0] + 1, "p99": 0}
    assert len(over([figure])) == 1 and "arm_head: the median is" in over([figure])[0]
    assert not over([{**figure, "median": LIMITS["arm_head"][0]}])
    assert len(over([{**figure, "p99": 10 ** 6}])) == 2


def test_parse_can_fail():
    assert bench.parse("")[1]
    assert bench.parse("@json micro {\n")[1]
    assert bench.parse('@json micro {"name": "arm_head"}\n')[1]
    assert bench.parse_floor("")[1]


def test_a_count_that_cannot_be_is_noticed():
    """A difference that went below zero is close to 2^64 / 64."""
    for key in ("crossings", "mmio", "cr3_loads"):
        assert not bench.parse(f"@json micro {json.dumps(ROW)}\n")[1]
        assert bench.parse(f"@json micro {json.dumps({**ROW, key: 288230376151711743.98})}\n")[1]


ROW = {"name": "arm_head", "unit": "instructions", "n": 1, "min": 7, "median": 7, "p99": 7, "max": 7, "crossings": 1.0,
       "mmio": 1.0, "cr3_loads": 0.0}


def test_nothing_but_instructions_stands_beside_goals_and_peers():
    """Those are instructions: beside cycles they would be a comparison that nobody made."""
    xen = bench.xen_medians()["arm_head"]
    assert "Xen" in bench.table([ROW], [])[0] and f" {xen} " in bench.table([ROW], [])[1]
    for unit in ("TSC cycles", "emulated ticks"):
        lines = bench.table([{**ROW, "unit": unit}], [])
        assert lines[0].startswith(unit) and "goal" not in lines[0] and "Xen" not in lines[0] and str(xen) not in lines[1]
        assert bench.calls_table([{**ROW, "unit": unit}])[0].startswith(unit)


def test_a_unit_that_is_none_is_noticed():
    def problems(*rows):
        return bench.parse("".join(f"@json micro {json.dumps(row)}\n" for row in rows))[1]

    assert not problems(ROW)
    assert problems({**ROW, "unit": "cycles"})
    assert problems(ROW, {**ROW, "name": "clock_read", "unit": "TSC cycles"})


def test_without_icount_a_tick_is_no_instruction(boot, entry):
    """In the emulator it is no cycle of a CPU either, and says so."""
    boot_line, modules = entry("bench")
    outcome = boot(f"{boot_line} exit=debug report=json", [(modules[0][0], "micro -- work=micro n=100")], icount=False)
    figures, problems = bench.parse(outcome.succeeded().text)
    assert not problems and {figure["unit"] for figure in figures} == {"emulated ticks"}
    cpu = bench.parse_cpu(outcome.text)
    assert cpu["unit"] == "emulated ticks" and "QEMU" in cpu["model"] and cpu["tsc_khz"] > 0


def test_kvm_without_its_device_says_what_is_missing(build, monkeypatch, capsys):
    monkeypatch.setattr(qemu, "KVM", "/dev/no-kvm")
    monkeypatch.setattr("sys.argv", ["bench.py", str(build / "lull.elf"), str(build / "lull.elf"), "--accel", "kvm"])
    assert bench.main() == 2
    assert "ACCEL=kvm needs /dev/no-kvm, which this machine does not have" in capsys.readouterr().err
