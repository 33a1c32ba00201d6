# SPDX-License-Identifier: BSD-2-Clause
"""The reading tour goes where it says, and says so when it cannot."""

import subprocess

import pytest
import tour

TEXT = "Words.\n= hv/vm/vcpu.c vcpu_run\n= hv/x86/entry.asm entry_idle HYPERCALL_FAST\n= hv/time/timer.h =\n"


def test_the_whole_tour():
    done = subprocess.run(["tools/tour.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    stops = done.stdout.count("\n---- ")
    assert stops > 30
    # From the first instruction to the guest's handler, and a screenful a stop at most.
    assert "boot/start.asm" in done.stdout and "upcall_interrupt:" in done.stdout
    assert done.stdout.count("\n") < stops * 40
    assert max(map(len, done.stdout.splitlines())) <= 130


def test_a_stop_is_whole():
    lines = tour.tour(TEXT)
    text = "\n".join(lines)
    assert lines[0] == "Words."
    run = text[text.index("void vcpu_run(void)"):text.index("---- hv/x86/entry.asm")].rstrip()
    assert run.endswith("\n}") and "entry_run();" in run and run.count("\n}") == 1
    assert "        hlt\n" in text and "; The idle sleep." in text and "stub_" not in text
    assert "%macro HYPERCALL_FAST 1\n" in text and "%endmacro" in text
    assert "// The timer queue: every deadline of this CPU" in text and "#pragma" not in text


@pytest.mark.parametrize("stop", ["hv/vm/vcpu.c vcpu_stroll", "hv/vm/absent.c vcpu_run", "hv/x86/entry.asm absent",
                                  "hv/vm/vcpu.h vcpu_run"])
def test_a_stop_that_is_gone_is_an_error(stop):
    with pytest.raises(tour.TourError, match=stop.split()[0]):
        tour.tour(f"= {stop}\n")
