# SPDX-License-Identifier: BSD-2-Clause
"""Several CPUs: started or left out, guests spread and moved, doorbells between them, silence, weights, stop and panic.

Counts are asserted under -icount, where QEMU runs the CPUs in turns. Races need CPUs that run at the same time (QEMU's
MTTCG, real time); there only outcomes are asserted, with patience that no busy host uses up: also what another CPU does after
a command is waited for.
"""

import re
import struct

import pytest

import bochs
import mkiso
from conftest import SHORT, unhurried, until

SPIN = "spin mem=16K"
MONITOR_KEY = "\x01c"  # Ctrl-A C switches between the serial line and QEMU's monitor


def running(text):
    """(CPUs that run, CPUs that there are) as the log says."""
    match = re.search(r"^\[.*\] CPUs: (\d+) of (\d+) run$", text, re.MULTILINE)
    assert match, text
    return int(match.group(1)), int(match.group(2))


def cpus(machine):
    """[{column: value}] of the monitor's `cpu`."""
    rows = re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +([\d.]+) %  (.*)$", machine.command("cpu"),
                      re.MULTILINE)
    names = ("cpu", "apic", "guests", "interrupts", "kicks", "switches", "adopted")
    return [dict(zip(names, map(int, row)), idle=float(row[7]), now=row[8].strip()) for row in rows]


def where(machine):
    """{guest's name: (CPU, state)} of the monitor's `guests`."""
    rows = re.findall(r"^ *\d+ (\S+) +(\d+) +\d+ +\d+ +\d+ +\d+  (.*)$", machine.command("guests"), re.MULTILINE)
    return {name: (int(cpu), state.strip()) for name, cpu, state in rows}


@pytest.fixture
def images(build):
    """Returns images(module lines): modules of test guests, the first word of each line naming the image."""
    def get(*lines):
        return [((build / "guests" / f"{line.split()[0]}.elf").resolve(), line) for line in lines]
    return get


# ---- Starting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smp", [2, 4])
def test_selftest(boot, entry, smp):
    boot_line, modules = entry("selftest")
    outcome = boot(f"{boot_line} exit=debug", modules, smp=smp).succeeded()
    assert running(outcome.text) == (smp, smp)


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_other_machines(boot, short, machine):
    outcome = boot(*short, smp=3, machine=machine).succeeded()
    assert running(outcome.text) == (3, 3)


def test_uefi(boot, short):
    boot_line, modules = short
    outcome = boot(boot_line, unhurried(modules[:2]), smp=2, uefi=True, icount=False).succeeded()
    assert running(outcome.text) == (2, 2)


@pytest.mark.parametrize("words", ["clocksource=hpet", "clocksource=hpet hpet=32"])
def test_other_clock(boot, short, words):
    """A clock that all CPUs read from one chip, extended to 64 bits in memory that they share."""
    boot_line, modules = short
    outcome = boot(f"{boot_line} {words}", modules, smp=2).succeeded()
    outcome.says(r"clock: hpet at")
    assert running(outcome.text) == (2, 2)


@pytest.mark.parametrize("words, runs", [("cpus=1", None), ("cpus=3", (3, 4)), ("cpus=all", (4, 4)), ("cpus=64", (4, 4))])
def test_cpus_on_the_boot_line(boot, short, words, runs):
    boot_line, modules = short
    outcome = boot(f"{boot_line} {words}", modules[:2], smp=4).succeeded()
    if runs is None:
        assert "CPUs:" not in outcome.text, outcome.text
    else:
        assert running(outcome.text) == runs


def test_sockets_without_a_cpu(boot, short):
    """The MADT names four, two of which are not there yet."""
    boot_line, modules = short
    outcome = boot(boot_line, modules[:2], smp="2,maxcpus=4").succeeded()
    assert running(outcome.text) == (2, 2)


def madt(apic_ids):
    """QEMU's MADT, but for the CPUs in it. ACPI specification 5.2.12."""
    body = struct.pack("<II", 0xFEE00000, 1)
    for number, apic_id in enumerate(apic_ids):
        body += struct.pack("<BBBBI", 0, 8, number, apic_id, 1)
    body += struct.pack("<BBBBII", 1, 12, 0, 0, 0xFEC00000, 0)
    body += struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
    header = struct.pack("<4sIBB6s8sI4sI", b"APIC", 36 + len(body), 1, 0, b"LULL  ", b"TEST    ", 1, b"TEST", 1)
    checksum = -sum(header + body) & 0xFF
    return header[:9] + bytes([checksum]) + header[10:] + body


@pytest.fixture
def claim_cpus(monkeypatch, tmp_path):
    """claim_cpus(ids): what is booted from now on finds these CPUs in the MADT, which GRUB's command `acpi` replaces."""
    def claim(apic_ids):
        table, entry = tmp_path / "madt.aml", mkiso.entry
        table.write_bytes(madt(apic_ids))
        monkeypatch.setattr(mkiso, "GRUB_MODULES", mkiso.GRUB_MODULES + " acpi")

        def with_table(*words):
            config, files = entry(*words)
            assert config.count("    multiboot2 ") == 1
            return (config.replace("    multiboot2 ", "    acpi --exclude=APIC /boot/madt.aml\n    multiboot2 "),
                    {**files, "/boot/madt.aml": table})
        monkeypatch.setattr(mkiso, "entry", with_table)
    return claim


@pytest.mark.parametrize("apic_ids, absent", [((0, 1, 2), (2,)), ((0, 9, 1, 200), (9, 200))])
def test_a_cpu_that_does_not_answer(boot, short, claim_cpus, apic_ids, absent):
    """The firmware's table names CPUs that are not there. Each is named and left out; the machine goes on with the others."""
    boot_line, modules = short
    untimed = [module for module in modules if module[0].stem in ("hello", "exceptions", "syscall_twin")]
    claim_cpus(apic_ids)
    outcome = boot(boot_line, unhurried(untimed), smp=2, icount=False).succeeded()
    assert re.findall(r"CPU with APIC id (\d+) (.*)$", outcome.text, re.MULTILINE) == \
        [(str(apic_id), "does not answer; it is left out") for apic_id in absent]
    assert running(outcome.text) == (2, len(apic_ids))


def test_hpet_serves_one_cpu(boot, short):
    boot_line, modules = short
    outcome = boot(f"{boot_line} clockevent=hpet", modules, smp=2).succeeded()
    outcome.says(r"warning: .*HPET, which serves the boot CPU only: the other 1 CPUs stay off; clockevent=lapic uses them$")


def test_bochs(iso, entry):
    """Another implementation of the APICs, in x2APIC mode, and of the start; TSC-deadline timers."""
    boot_line, modules = entry("selftest", SHORT + ("doorbell", "apart"))
    text, trouble = bochs.run(iso(boot_line, modules), time_limit_s=900, cpus=2)
    assert trouble is None, f"{trouble}\n{text}"
    assert running(text) == (2, 2)
    assert re.search(r"^\[.*\] local APIC: id 0, x2APIC mode", text, re.MULTILINE), text
    assert re.search(r"^selftest: \d+ passed, 0 failed$", text, re.MULTILINE), text


# ---- Placement --------------------------------------------------------------------------------------------------


def test_guests_are_spread(console, images):
    machine = console("mode=interactive", images("sleeper count=8 mem=16K name=s"), smp=4, icount=True)
    machine.prompt()
    # Each begins where the fewest are (test_guest_change.c); one that has to wait then moves to a CPU that sleeps, so that how
    # many there are on each depends on when they wait.
    counts = [row["guests"] for row in cpus(machine)]
    assert sum(counts) == 8 and sum(count > 0 for count in counts) >= 2, counts


def test_a_pinned_guest_stays(console, images):
    """Two spinners on CPU 1, whose other CPUs are idle."""
    machine = console("mode=interactive", images(f"{SPIN} count=2 cpu=1 name=pin"), smp=3, icount=True)
    machine.prompt()
    before = cpus(machine)
    until(lambda: cpus(machine)[1]["switches"] > before[1]["switches"] + 10, "a slice's end")
    assert {cpu for cpu, _ in where(machine).values()} == {1}
    assert [row["guests"] for row in cpus(machine)] == [0, 2, 0]


@pytest.mark.parametrize("word", ["cpu=2", "cpu=64", "cpu=x", "cpu=-1", "weight=0", "weight=10001", "weight=heavy"])
def test_bad_module_words_are_refused_by_name(console, images, word):
    machine = console("mode=interactive", images(f"sleeper mem=16K {word}"), smp=2, icount=True)
    text = machine.prompt()
    match = re.search(r"error: module 0 refused: (.*)$", text, re.MULTILINE)
    assert match and word.split("=")[0] + "=" in match.group(1), text
    assert "0 guests are running" in text


@pytest.mark.parametrize("icount", [True, False])
def test_an_idle_cpu_takes_a_waiting_guest_over(console, images, icount):
    """Three spinners on two CPUs. The one that is alone ends; its CPU must not stay idle, and then every one runs alone."""
    machine = console("mode=interactive", images(f"{SPIN} count=3 name=s"), smp=2, icount=icount)
    machine.prompt()
    until(lambda: cpus(machine)[1]["now"].startswith("guest"), "the guests' places")  # one that sleeps is still sent some
    places = {name: cpu for name, (cpu, _) in where(machine).items()}
    counts = [list(places.values()).count(cpu) for cpu in (0, 1)]
    assert sorted(counts) == [1, 2], places
    alone = next(name for name, cpu in places.items() if counts[cpu] == 1)
    adopted = sum(row["adopted"] for row in cpus(machine))
    machine.command(f"kill {int(alone.split('.')[1]) + 1}")
    rows = until(lambda: [row for row in [cpus(machine)] if [r["guests"] for r in row] == [1, 1]], "one guest for each CPU")
    assert sum(row["adopted"] for row in rows[0]) > adopted
    left = {name: cpu for name, (cpu, _) in where(machine).items() if name != alone}
    assert set(left.values()) == {0, 1}, left


@pytest.mark.parametrize("smp", [1, 2])
def test_weights(boot, images, smp):
    """1 : 2 : 3 on one CPU; each guest measures its own second."""
    lines = (f"weight cpu=0 name=a weight=1 -- share=1667", "weight cpu=0 name=b weight=2 -- share=3333",
             "weight cpu=0 name=c weight=3 -- share=5000")
    boot("mode=bench exit=debug", images(*lines), smp=smp).succeeded()


def test_weights_are_measured(boot, images):
    """The same guests, and the weights turned round: a wrong share is noticed."""
    lines = ("weight cpu=0 weight=3 -- share=1667", "weight cpu=0 weight=2 -- share=3333",
             "weight cpu=0 weight=1 -- share=5000")
    assert boot("mode=bench exit=debug", images(*lines)).status != 33


# ---- Between CPUs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guests, rings", [(2, 20000), (4, 10000), (8, 3000)])
def test_no_ring_is_lost(boot, images, guests, rings):
    """A doorbell goes round guests on four CPUs that run at the same time; one that is lost hangs all."""
    line = f"doorbell count={guests} mem=64K expect=exit:0 timeout=900s -- guests={guests} rings={rings}"
    outcome = boot("mode=selftest exit=debug", images(line), smp=4, icount=False).succeeded()
    assert running(outcome.text) == (4, 4)


@pytest.mark.parametrize("smp, guests", [(2, 6), (4, 8)])
def test_no_end_of_a_block_is_lost(boot, images, smp, guests):
    """Events and doorbells race to end HCALL_BLOCK while the guests are moved between CPUs that run at the same time."""
    line = f"block_race count={guests} mem=64K expect=exit:0 timeout=900s -- guests={guests} rounds=1000"
    outcome = boot("mode=selftest exit=debug", images(line), smp=smp, icount=False).succeeded()
    assert running(outcome.text) == (smp, smp)


def test_blocks_end_on_other_cpus(console, images):
    """What the test above is worth: its guests really move, and ring each other from CPU to CPU."""
    machine = console("mode=interactive", images("block_race count=6 mem=64K -- guests=6 rounds=300"), smp=2, icount=True)
    machine.prompt()
    until(lambda: all("exit code 0" in state for _, state in where(machine).values()), "the guests' end")
    rows = cpus(machine)
    assert all(row["adopted"] >= 20 and row["kicks"] >= 100 for row in rows), rows


def test_rings_cross_cpus(console, images):
    """What the test above is worth: its rings really go from one CPU to the other."""
    machine = console("mode=interactive", images("doorbell count=2 mem=64K -- rings=1000"), smp=2, icount=True)
    machine.prompt()
    until(lambda: all("exit code 0" in state for _, state in where(machine).values()), "the guests' end")
    assert all(row["kicks"] >= 1000 for row in cpus(machine)), cpus(machine)


def test_races(boot, entry):
    """Guests come and go on four CPUs at the same time."""
    boot_line, modules = entry("selftest", ("hello", "exceptions", "fpu", "apart", "doorbell", "page_scribble", "bad_stack",
                                            "bad_memory", "bad_handler", "spin"))
    boot(f"{boot_line} exit=debug", unhurried(modules), smp=4, icount=False).succeeded()


def test_kill_a_running_guest_of_another_cpu(console, images):
    machine = console("mode=interactive", images("spin mem=64M cpu=1 name=victim", "sleeper mem=16K cpu=0"), smp=2)
    machine.prompt()
    until(lambda: "victim" in cpus(machine)[1]["now"], "the guest on its CPU")
    machine.command("kill 1")
    assert where(machine)["victim"] == (1, "killed: operator")
    assert cpus(machine)[1]["guests"] == 0
    until(lambda: cpus(machine)[1]["now"] == "asleep", "a CPU that has nothing to do")
    pages = r"^  guest 1 \(victim\): (\d+) pages of its own$"
    until(lambda: re.search(pages, machine.command("mem"), re.MULTILINE).group(1) == "3", "its memory, given back in steps")


def test_pause_on_another_cpu(console, images):
    machine = console("mode=interactive", images(f"{SPIN} cpu=1 name=s"), smp=2)
    machine.prompt()
    machine.command("pause 1")
    assert where(machine)["s"] == (1, "paused")
    until(lambda: cpus(machine)[1]["now"] == "asleep", "a CPU that has nothing to do")
    machine.command("resume 1")
    until(lambda: where(machine)["s"] == (1, "running"), "the guest on its CPU")
    assert "to the tick, in 1" in machine.command("times")


# ---- Silence ----------------------------------------------------------------------------------------------------


def test_silence_on_four_cpus(boot):
    line = "guest count=10 mem=1M expect=silence timeout=20s -- work=idle"
    outcome = boot("mode=selftest exit=debug", [("guest", line)], smp=4).succeeded()
    assert running(outcome.text) == (4, 4)
    outcome.says(r"^selftest: guest: success: no hardware interrupt in 20 s, 10 guests$")


def test_silence_on_idle_cpus_beside_a_busy_one(console):
    """CPU 1 takes 1000 ticks a second for over 20 s, and nobody else an interrupt; the boot CPU only those of the typing."""
    machine = console("mode=interactive", [("guest", "guest mem=1M cpu=1 -- hz=1000 work=idle"),
                                           ("guest", "guest count=6 mem=1M -- hz=0 work=idle")], smp=4, icount=True)
    machine.prompt()
    machine.command("cpu")
    before = cpus(machine)
    until(lambda: cpus(machine)[1]["interrupts"] - before[1]["interrupts"] > 20000, "20 s")
    after = cpus(machine)
    assert all(after[cpu]["guests"] > 0 for cpu in range(4))
    for cpu in (2, 3):
        assert after[cpu]["interrupts"] == before[cpu]["interrupts"], (before, after)


# ---- The end ----------------------------------------------------------------------------------------------------


def test_panic_stops_all(console):
    """QEMU's nmi goes to every CPU at once: one of them reports, the others stop and are named."""
    machine = console("mode=interactive exit=debug", [("guest", "guest count=4 mem=1M -- work=idle")], smp=4,
                      serial="mon:stdio")
    machine.prompt()
    until(lambda: all(state == "blocked" for _, state in where(machine).values()), "guests that sleep")
    machine.child.send(MONITOR_KEY)
    machine.expect(r"\(qemu\)")
    machine.child.send("nmi\n")
    text, _ = machine.expect(r"panic: leaving the emulator")
    assert len(re.findall(r"^panic: non-maskable interrupt$", text, re.MULTILINE)) == 1, text
    own = int(re.search(r"^  on CPU (\d)$", text, re.MULTILINE).group(1))
    stopped = re.findall(r"^  CPU (\d) stopped at [0-9a-f]{16}", text, re.MULTILINE)
    assert sorted(map(int, stopped)) == sorted({0, 1, 2, 3} - {own}), text
    assert machine.ended() == 35


@pytest.mark.parametrize("command", ["poweroff", "reboot"])
def test_orderly_end(console, images, command):
    machine = console("mode=interactive", images(f"{SPIN} count=4 name=s"), smp=4)
    machine.prompt()
    machine.child.send(command + "\r")
    assert machine.ended() == 0
