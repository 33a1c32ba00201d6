# SPDX-License-Identifier: BSD-2-Clause
"""The demo's claim, in deterministic time."""

import demo


def test_demo(boot, entry):
    boot_line, modules = entry("demo")
    outcome = boot(f"{boot_line} exit=debug report=json", modules).succeeded()
    figures = demo.parse(outcome.text)
    result = {phase: {**figures[phase], "host_cpu_s": 0} for phase in demo.PHASES}
    assert demo.check(result) == []

    # Ten guests at 1000 Hz, within 1 %.
    assert abs(result["static"]["guest_timer_irqs_per_s"] - 10000) <= 100
    assert result["tickless"]["hw_timer_irqs_per_s"] * 50 <= result["static"]["hw_timer_irqs_per_s"]
    for mark in ("static begins", "static ends", "tickless begins", "tickless ends"):
        outcome.says(rf"^demo: phase {mark}")
    outcome.says(r"^demo: end of table")


def test_checks_can_fail():
    """demo.check() refuses figures that are missing, early, unsummed or not tickless."""
    good = {"guests": 10, "guest_timer_irqs_per_s": 10000, "hw_timer_irqs_per_s": 10000, "hypercalls_per_s": 1,
            "vcpu_switches_per_s": 1, "cpu_share": {"hypervisor": 0.2, "guests": 0.3, "idle": 0.5},
            "lateness_ns": {"min": 0, "median": 1, "p99": 2, "max": 3}, "host_cpu_s": 1.0}
    quiet = {**good, "hw_timer_irqs_per_s": 100}
    assert demo.check({"static": good, "tickless": quiet}) == []
    assert demo.check({"static": good})
    assert demo.check({"static": good, "tickless": good})
    assert demo.check({"static": good, "tickless": {**quiet, "guests": 9}})
    assert demo.check({"static": good, "tickless": {**quiet, "host_cpu_s": None}})
    assert demo.check({"static": good, "tickless": {**quiet, "lateness_ns": {**good["lateness_ns"], "min": -1}}})
    assert demo.check({"static": good, "tickless": {**quiet, "cpu_share": {**good["cpu_share"], "idle": 0.6}}})
    assert demo.check({"static": good, "tickless": {**quiet, "guest_timer_irqs_per_s": 0}})
