# SPDX-License-Identifier: BSD-2-Clause
"""Hostile guests: ten million random operations, and nobody else notices. `make hostile` makes a billion."""

import re

import pytest

import hostile

TIME_LIMIT_S = 3000  # only a hang comes near, however busy the host is

# Ten million in all; each run has seeds of its own.
RUNS = [("all", 1, 5_000_000), ("no-smap", 10**6, 5_000_000)]


@pytest.mark.parametrize("machine,seed,operations", RUNS)
def test_hostile_guests(build, machine, seed, operations):
    figures, problems, text = hostile.run(build, f"fuzz_seed={seed} fuzz_ops={operations}", hostile.MACHINES[machine],
                                          TIME_LIMIT_S)
    assert not problems, text
    assert figures["operations"] >= operations
    assert figures["turns"] > 0 and figures["events"] > 1000
    # Most lives are long, and few end without being counted: the operations are what was wanted, not dying.
    assert figures["lives"] < operations / 100 and figures["lost"] < figures["lives"] / 10


def test_on_two_cpus(build):
    """QEMU runs the CPUs in turn for up to 100 ms, so nothing is said about lateness."""
    figures, problems, text = hostile.run(build, "fuzz_seed=4000000 fuzz_ops=200000", hostile.SMP, TIME_LIMIT_S, late=None)
    assert not problems, text
    assert figures["operations"] >= 200000 and figures["turns"] > 0


def test_a_seed_is_the_same_again(build):
    """To the byte, where the machine is. GRUB reads the CD in the host's time, so now and then the hypervisor begins at
    another phase of the chips, and other interrupts come in between; then most lives are still the same."""
    texts, ends, times = [], [], []
    for _ in range(2):
        figures, problems, text = hostile.run(build, "fuzz_seed=77 fuzz_lives=40 fuzz_show=deaths", {}, TIME_LIMIT_S)
        assert not problems, text
        texts.append(re.findall(r"^fuzz: .*$|^ +\d+ [a-z]+ +rip .*$", text, re.MULTILINE))
        ends.append(set(re.findall(r"^fuzz: seed (\d+): ([a-z-]+).*, after (\d+) operations$", text, re.MULTILINE)))
        times.append(figures["time_ns"])
    assert len(ends[0]) >= 30 and any(" call " in line for line in texts[0])
    assert len(ends[0] & ends[1]) >= 20, ends[0] ^ ends[1]
    if times[0] == times[1]:
        assert texts[0] == texts[1]


def test_a_late_honest_guest_is_seen(build):
    _, problems, text = hostile.run(build, "fuzz_ops=100000", {}, TIME_LIMIT_S, late="100ns")
    assert "fuzz: failure: an honest guest was disturbed" in problems, text
    assert re.search(r"^  it wrote: .*late_max_ns", text, re.MULTILINE), text
    assert re.search(r"^fuzz: beside it: seed \d+$", text, re.MULTILINE), text


def test_a_guest_that_gets_through_is_seen(boot):
    """exit_code says so by itself, with the code that a fuzzing guest has for it."""
    outcome = boot("mode=fuzz exit=debug", [("exit_code", "exit_code -- code=0x666f756e64000003"),
                                            ("honest", "honest expect=exit:0")])
    outcome.says(r"^fuzz: seed 1: exit code 0x666f756e64000003")
    outcome.says(r"^fuzz: failure: a hostile guest got through$")
    assert outcome.status != 33


@pytest.mark.parametrize("modules, said", [
    ([("honest", "honest expect=exit:0")], "it needs hostile guests and honest ones"),
    ([("mayfly", "mayfly mem=8K")], "it needs hostile guests and honest ones"),
    ([("mayfly", "mayfly mem=8K"), ("honest", "honest expect=exit:1")], "honest: an honest guest has expect=exit:0"),
    ([("mayfly", "mayfly mem=8K expect=silence"), ("honest", "honest expect=exit:0")], "mayfly: an honest guest has expect="),
])
def test_a_run_that_would_show_nothing_is_refused(boot, modules, said):
    """Without a hostile guest it would never end."""
    outcome = boot("mode=fuzz exit=debug fuzz_lives=20", modules)
    outcome.says(rf"error: fuzz: {said}")
    assert outcome.status == 35


def test_who_is_made_again_has_no_claim_to_the_cpu(boot):
    """Four guests that compute for a millisecond, end and are made again all the time, beside one that sleeps."""
    outcome = boot("mode=fuzz exit=debug fuzz_lives=20", [("mayfly", "mayfly count=4 mem=8K"),
                                                          ("honest", "honest expect=exit:0 -- for=10ms")]).succeeded()
    figures, problems = hostile.judge(outcome.text)
    assert not problems
    # With the claim of one that has slept they keep the CPU for 1.5 ms; without it, nearly always one that sleeps goes first.
    assert figures["events"] > 100 and figures["late_p99_ns"] < 200_000


def test_every_kind_of_trouble_is_seen():
    good = '@json fuzz {"operations": 1}\nfuzz: success\n'
    assert hostile.judge(good) == ({"operations": 1}, [])
    for bad in (good.replace("fuzz: success", ""), good.replace("@json fuzz", ""), "panic: x\n" + good,
                good + "fuzz: failure: x\n"):
        assert len(hostile.judge(bad)[1]) == 1, bad


def test_goes_on_where_it_stopped(tmp_path):
    log = hostile.Log(tmp_path / "hostile.json")
    log.add(seed=1, machine="all", commit="a", figures={"operations": 5, "late_max_ns": 7})
    log.add(seed=2, machine="all", commit="b", figures={"operations": 6, "late_max_ns": 3})
    again = hostile.Log(tmp_path / "hostile.json")
    assert again.has(2) and not again.has(3)
    assert hostile.add_up(again.runs) == {"operations": 11, "late_max_ns": 7}


@pytest.mark.parametrize("words", [["--operations", "0"], ["--each", "-5"], ["--jobs", "0"]])
def test_a_run_of_nothing_is_refused(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["hostile.py", *words])
    with pytest.raises(SystemExit) as end:
        hostile.main()
    assert end.value.code == 2
    assert f"{words[0]}: at least 1" in capsys.readouterr().err
