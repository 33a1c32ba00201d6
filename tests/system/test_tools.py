# SPDX-License-Identifier: BSD-2-Clause
"""The tools that judge must be able to say no."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import run_tests as summary

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def run(*command, text=None, cwd=None):
    return subprocess.run([str(word) for word in command], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=cwd, check=False)


def test_symbol_check_sees_a_moved_function(tmp_path):
    image = "ffffffff80200000 0000000000000010 T first\nffffffff80200010 0000000000000020 t second\n"
    table = tmp_path / "symbols.c"
    table.write_text(run(TOOLS / "mksymbols.py", text=image).stdout)
    assert run(TOOLS / "mksymbols.py", "--check", table, text=image).returncode == 0
    moved = image.replace("ffffffff80200010", "ffffffff80200018")
    assert run(TOOLS / "mksymbols.py", "--check", table, text=moved).returncode == 1


def floors(tree, file, include):
    """Runs the floor check over a tree that holds one file with one include."""
    path = tree / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#include {include}\n")
    done = run(sys.executable, TOOLS / "check-floors.py", cwd=tree)
    path.unlink()
    return done.returncode


def test_floors(tmp_path):
    allowed = [("hv/dev/hpet.c", '"dev/hpet.h"'), ("hv/dev/hpet.c", '"dev/clock_event.h"'),
               ("hv/dev/acpi_madt.c", '"dev/acpi.h"'), ("hv/time/timer.c", '"dev/clock_event.h"'),
               ("hv/vm/vcpu.c", '"time/timer.h"'), ("hv/main.c", '"dev/hpet.h"'), ("guest/main.c", "<abi/lull.h>"),
               ("hv/shared/abi/lull.h", "<stdint.h>")]
    broken = [("hv/dev/hpet.c", '"dev/lapic_timer.h"'), ("hv/dev/hpet.c", '"time/timer.h"'),
              ("hv/time/timer.c", '"dev/hpet.h"'), ("hv/vm/vcpu.c", '"dev/uart.h"'), ("hv/core/log.c", '"vm/guest.h"'),
              ("hv/shared/lib/list.h", '"core/log.h"'), ("hv/shared/abi/lull.h", "<stdarg.h>"),
              ("guest/main.c", '"core/log.h"'), ("hv/x86/cpu.c", '"core/log.h"'), ("hv/core/log.c", "<stdio.h>")]
    assert [case for case in allowed if floors(tmp_path, *case) != 0] == []
    assert [case for case in broken if floors(tmp_path, *case) == 0] == []


def test_summary_counts_a_silent_stage_as_a_failure():
    assert summary.count_lines("unit")("nothing was run\n", None) == (0, 0, 0)
    assert summary.count_lines("unit")("unit: 12 passed, 3 failed\n", None) == (12, 3, 0)
    assert summary.count_junit("", "/nonexistent.xml") == (0, 0, 0)
    assert summary.verdict(0, 0, 0) == (0, 1)
    assert summary.verdict(5, 0, 1) == (5, 1)
    assert summary.verdict(5, 2, 1) == (5, 2)
    assert summary.verdict(5, 0, 0) == (5, 0)


SAMPLE = """
from pathlib import Path

import pytest

def test_steady():
    pass

@pytest.mark.xdist_group("apart")
def test_unsteady():
    seen = Path("seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""


@pytest.mark.parametrize("more, counts, unsteady", [
    ("", (2, 0, 0), ["tests/system/test_sample.py::test_unsteady"]),
    ("def test_never():\n    assert False\n", (2, 1, 0), ["tests/system/test_sample.py::test_unsteady"]),
    ("".join(f"def test_{i}():\n    assert False\n" for i in range(summary.SECOND_LOOKS)), (1, 4, 0), []),
])
def test_few_failed_tests_run_again_alone(tmp_path, monkeypatch, more, counts, unsteady):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests/system").mkdir(parents=True)
    (tmp_path / "tests/system/test_sample.py").write_text(SAMPLE + more)
    junit = tmp_path / "first.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", f"--junitxml={junit}", "tests/system"]
    run(*command)
    first = summary.count_junit(None, junit)
    assert first == (1, counts[0] + counts[1] - 1, 0)
    assert summary.look_again(tmp_path, command, junit, first) == (counts, unsteady)


def test_commit(tmp_path):
    """A commit, the same with a change, and no checkout: also a folder somewhere in another checkout."""
    def git(*words):
        assert run("git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e", *words).returncode == 0

    def text(folder):
        return re.search(r'"([^"]*)";$', run(TOOLS / "mkcommit.py", folder).stdout, re.MULTILINE).group(1)

    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "file").write_text("a")
    assert text(tmp_path) == "unknown"
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "-a", "-m", "a tag is not a commit", "v1")
    head = run("git", "-C", tmp_path, "rev-parse", "HEAD").stdout
    assert text(tmp_path) == head[:12]
    assert text(inner) == "unknown"
    (inner / "file").write_text("b")
    assert text(tmp_path) == head[:12] + "-dirty"


MENU = ("--menu", "boot/grub.cfg", "--guest", "g", "--selftest", "s", "--guests", "d")


@pytest.mark.parametrize("words, said", [
    ((), "give either --boot or --menu"),
    (("--boot", "x", *MENU), "give either --boot or --menu"),
    (("--boot", "x", "--append", "y"), "--append goes with --menu"),
    (("--boot", "x", "--only", "y"), "--only goes with --menu"),
    (("--boot", "x", "--guest", "y"), "--guest goes with --menu"),
    ((*MENU, "--append", "y"), "--append needs --only"),
    ((*MENU, "--screen", "text"), "--screen needs --boot or --only"),
    ((*MENU, "--module", "y"), "--module goes with --boot"),
    (MENU[:-2], "--menu needs --guest, --selftest and --guests"),
])
def test_no_option_of_mkiso_is_ignored(tmp_path, words, said):
    done = run(TOOLS / "mkiso.py", "--output", tmp_path / "x.iso", "--hv", "nothing", *words)
    assert done.returncode == 2 and said in done.stdout, done.stdout
