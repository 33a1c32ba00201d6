# SPDX-License-Identifier: BSD-2-Clause
"""The steps on the way of a timer event and what each costs, from build/bench/budget.json: the table of hv/time/README.md."""

import figures

# The columns: a path of tools/budget.py, and what it is here.
STAGES = {"arm_head": "arm", "block": "go to sleep", "expiry_blocked": "wake", "expiry_running": "interrupt"}

# Each step is what these files do. A file that is in no step is an error, so the columns always add up.
STEPS = {
    "cross the ring boundary, name the trap": ("hv/x86/entry.asm", "hv/x86/entry_macros.inc", "hv/x86/entry.h",
                                               "hv/x86/control.h", "hv/trap.c"),
    "what the guest asked for": ("hv/vm/hypercall.c", "hv/vm/vtimer.c", "hv/vm/vtimer.h"),
    "read the clock": ("hv/x86/tsc.h", "hv/time/clock.h", "hv/time/clock.c"),
    "the timer queue and its wheel": ("hv/time/timer.c", "hv/time/timer.h", "hv/time/timer_queue.h",
                                      "hv/shared/lib/timer_wheel.c", "hv/shared/lib/timer_wheel.h",
                                      "hv/shared/lib/list.h", "hv/shared/lib/bits.h"),
    "the chip": ("hv/dev/lapic_timer.c", "hv/x86/lapic.h", "hv/x86/lapic.c", "hv/x86/mmio.h"),
    "who has the CPU": ("hv/vm/sched.c", "hv/vm/run_queue.h", "hv/vm/vcpu.c", "hv/vm/vcpu.h", "hv/vm/vcpu_time.h",
                        "hv/x86/cpu.h", "hv/time/sleep.h"),
    "stamps and lateness": ("hv/vm/delivery.h", "hv/vm/delivery.c", "hv/vm/lateness.h", "hv/vm/lateness.c"),
    "the guest's stack": ("hv/vm/upcall.c", "hv/vm/upcall.h", "hv/x86/user_access.h", "hv/vm/guest_memory.h",
                          "hv/vm/guest_memory.c"),
}


def steps(budget):
    """{step: {stage: instructions}}."""
    step_of = {file: step for step, files in STEPS.items() for file in files}
    counts = {step: dict.fromkeys(STAGES, 0) for step in STEPS}
    for stage in STAGES:
        for function, file, count in budget[stage]["functions"]:
            if file not in step_of:
                raise ValueError(f"{function} in {file} is on the path {stage} and in no step of tools/flow.py")
            counts[step_of[file]][stage] += count
    return counts


def lines(file):
    """The table, from the path of budget.json."""
    budget = figures.read(file)
    out = [f"{'instructions':40}" + "".join(f"{name:>14}" for name in STAGES.values())]
    for step, counts in steps(budget).items():
        out.append(f"{step:40}" + "".join(f"{count or '-':>14}" for count in counts.values()))
    out.append(f"{'in all':40}" + "".join(f"{budget[stage]['instructions']:>14}" for stage in STAGES))
    return out
