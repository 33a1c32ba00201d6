# SPDX-License-Identifier: BSD-2-Clause
"""No tick anywhere, and never early: exact counts in deterministic time."""

import json
import re

GUESTS = 10
IDLE = f"guest count={GUESTS} mem=1M expect=silence timeout=20s -- work=idle"
EVENTS = 10000


def test_ten_idle_guests_cause_no_interrupt(boot):
    """Nor with a watchdog, which no guest wakes up for."""
    lines = (IDLE, f"{IDLE} watchdog=1s", f"{IDLE} watchdog=1s idle=halt")
    outcome = boot("mode=selftest exit=debug", [("guest", line) for line in lines]).succeeded()
    silent = r"^selftest: guest: success: no hardware interrupt in 20 s, 10 guests$"
    assert len(re.findall(silent, outcome.text, re.MULTILINE)) == len(lines), outcome.text


def test_a_tick_is_noticed(boot):
    """The same test fails when the guests tick: 10 guests at 100 Hz for 20 s are 20,000 interrupts."""
    outcome = boot("mode=selftest exit=debug", [("guest", IDLE + " hz=100")])
    assert outcome.status != 33, outcome.text
    count = int(outcome.says(r"^selftest: guest: failure: (\d+) hardware interrupts").group(1))
    assert abs(count - 20000) <= 200


def test_a_single_interrupt_is_noticed(boot):
    """One timer of one guest in the measured time is enough."""
    sleeper = "guest mem=1M expect=silence timeout=20s -- work=random n=1000000 timers=1 bits=34"
    outcome = boot("mode=selftest exit=debug", [("guest", sleeper)])
    assert outcome.status != 33, outcome.text
    outcome.says(r"^selftest: guest: failure: \d+ hardware interrupts")


def test_an_idle_shell_causes_no_interrupt(boot):
    """It waits for a key, and nothing looks whether one has come."""
    line = "guest count=2 mem=256K expect=silence timeout=20s -- shell"
    outcome = boot("mode=selftest exit=debug", [("guest", line)]).succeeded()
    outcome.says(r"^selftest: guest: success: no hardware interrupt in 20 s, 2 guests$")


def hardware_interrupts(log):
    """How many hardware interrupts QEMU itself noted while the hypervisor or a guest ran (cpu_loop's -d int)."""
    count = 0
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"\s*\d+: v=([0-9a-f]{2}) e=[0-9a-f]+ i=0 cpl=(\d) IP=[0-9a-f]+:([0-9a-f]{16}) ", line)
        if match and int(match.group(1), 16) >= 0x20:
            count += match.group(2) == "3" or int(match.group(3), 16) >= 0xffffffff80000000
    return count


def test_silence_in_the_emulators_own_log(boot, tmp_path):
    """A witness that shares no code with us: twenty seconds of silence take as many interrupts as two."""
    counts = []
    for seconds in (2, 20):
        log = tmp_path / f"{seconds}.log"
        line = IDLE.replace("timeout=20s", f"timeout={seconds}s")
        boot("mode=selftest exit=debug", [("guest", line)], log=log).succeeded()
        counts.append(hardware_interrupts(log))
    assert counts[0] == counts[1]
    assert counts[0] > 0, "the log shows no interrupt at all, not even those of the timer-queue test"


def test_the_emulators_log_shows_a_tick(boot, tmp_path):
    log = tmp_path / "tick.log"
    boot("mode=selftest exit=debug", [("guest", IDLE.replace("timeout=20s", "timeout=2s") + " hz=100")], log=log)
    assert hardware_interrupts(log) >= 2000


def test_random_one_shots_are_never_early(boot):
    """100,000 random one-shots over ten guests; each guest looks at the clock itself."""
    line = f"guest count={GUESTS} mem=1M -- work=random n={EVENTS}"
    outcome = boot("mode=bench exit=debug", [("guest", line)]).succeeded()
    reports = [json.loads(text) for text in re.findall(r"^@json random (.*)$", outcome.text, re.MULTILINE)]
    assert len(reports) == GUESTS, outcome.text
    for report in reports:
        assert report["events"] == EVENTS and report["early"] == 0
        late = [report["lateness_ns"][key] for key in ("min", "median", "p99", "max")]
        assert 0 <= late[0] and late == sorted(late)
        times = report["run_times_ns"]
        assert times["running"] + times["runnable"] + times["blocked"] + times["paused"] == times["elapsed"]
        assert times["running"] > 0 and times["blocked"] > 0 and times["paused"] == 0
