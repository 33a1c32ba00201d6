# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark suite beside the micro-benchmark: accuracy, boot, what ticks cost, what has changed. Two runs write the same
figures, each tool can refuse, and the pages tell what this build measures."""

import json
import subprocess
import sys
from pathlib import Path

import accuracy
import bench_compare
import boot_time
import figures
import mkiso
import pytest
import rates
import readme
import summary

pytestmark = pytest.mark.xdist_group("suite")
RATES = ["--guests", "10", "--ticks", "100"]
done = {}


def run(tool, *arguments):
    finished = subprocess.run([sys.executable, f"tools/{tool}", *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=900, check=False)
    assert finished.returncode == 0, finished.stdout


@pytest.fixture
def runs(build, tmp_path_factory):
    """The folders of two runs of the suite, as short as it can be; made when first asked for."""
    if not done:
        top = tmp_path_factory.mktemp("suite")
        boot_line = "mode=bench exit=debug report=json"
        for guest, line in (("accuracy", "accuracy -- n=500"), ("first", "first")):
            mkiso.build(top / f"{guest}.iso", build / "lull.elf",
                        *mkiso.entry(boot_line, [(build / f"guests/{guest}.elf", line)], "text"))
        for folder in (top / "1", top / "2"):
            run("accuracy.py", top / "accuracy.iso", "--output", folder)
            run("boot_time.py", top / "first.iso", "--output", folder)
            run("rates.py", "--build", build, *RATES, "--output", folder)
        done.update(folders=(top / "1", top / "2"))
    return done["folders"]


def content(path):
    """A file as it is, but for the date of figures."""
    if path.suffix != ".json":
        return path.read_text(encoding="utf-8")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["about"].pop("date")
    return found


def test_two_runs_write_the_same_files(runs):
    names = [sorted(path.name for path in folder.iterdir()) for folder in runs]
    assert names[0] == names[1] and {"accuracy.json", "boot.csv", "rates.svg"} <= set(names[0])
    for name in names[0]:
        if not name.startswith("host."):  # what QEMU cost this host
            assert content(runs[0] / name) == content(runs[1] / name), name


def test_files_say_what_was_measured_with_what(runs):
    for path in runs[0].glob("*.json"):
        about = json.loads(path.read_text(encoding="utf-8"))["about"]
        for key in ("date", "commit", "gcc", "nasm", "qemu", "machine", "host_cpu"):
            assert about[key], f"{path.name}: {key}"
        assert "-icount" in about["machine"] and "/" not in about["machine"]
        if path.stem in ("accuracy", "boot"):
            assert about["unit"] == "instructions" and "no cycles" in about["unit_is"]


def test_delays_are_exact(runs):
    rows = figures.read(runs[0] / "accuracy.json")
    assert [row["delay_ns"] for row in rows] == accuracy.DELAYS and all(row["n"] >= 100 for row in rows)
    assert all(row["early"] == 0 and row["late_max_ns"] < 1000 for row in rows), rows


def test_most_of_the_boot_is_waiting_for_clocks(runs):
    ticks = {row["part"]: row["ticks"] for row in figures.read(runs[0] / "boot.json")}
    assert sum(ticks[part] for part in boot_time.PARTS) == ticks["all"]
    assert ticks["all"] - ticks["clock"] < 10 ** 6 and ticks["clock"] < 30 * 10 ** 6


def test_ticks_cost_and_silence_does_not(runs):
    rows = {(row["work"], row["tick"]): row for row in figures.read(runs[0] / "rates.json")}
    assert len(rows) == 4
    assert rows["idle", "none"]["hypervisor_share"] == 0 and rows["idle", "none"]["hw_irqs_per_s"] <= 1
    assert rows["idle", "100"]["exits_per_s"] >= 1000 and rows["idle", "100"]["hypervisor_share"] > 0
    assert rows["demo", "none"]["exits_per_s"] * 5 < rows["demo", "100"]["exits_per_s"]


PAGE = Path("tests/bench/README.md")


@pytest.fixture
def page(build):
    if build.name == "clang":
        pytest.skip("the pages have the figures of the build with gcc")
    return readme.blocks(PAGE.read_text(encoding="utf-8"))


def test_the_page_has_these_figures(runs, page):
    for block, lines in (("accuracy", readme.accuracy_lines), ("boot", readme.boot_lines)):
        assert page[block] == [line.rstrip() for line in lines(runs[0] / f"{block}.json")], \
            "`make bench`, then `make readme` writes it"
    shown = [line.split() for line in page["rates"]]
    for line in readme.rates_lines(runs[0] / "rates.json"):
        assert line.split() in shown, f"{line!r} is not in {PAGE}; `make bench`, then `make readme` writes it"


def test_readme_quotes_the_page(page):
    delays = [line.split() for line in page["accuracy"][1:]]
    late = [{"n": int(n), "early": int(early), "late_min_ns": int(least), "late_max_ns": int(most)}
            for _, _, n, early, least, _, _, most in delays]
    boot = [{"part": line.split()[0], "us": float(line.split()[2])} for line in page["boot"][1:]]
    ticks = [line.replace(",", " ").replace(" Hz", "").split() for line in page["rates"][1:]]
    rows = [{"work": work, "guests": int(guests), "tick": tick, "hw_irqs_per_s": float(hardware), "exits_per_s": float(exits),
             "hypervisor_share": float(share) / 100} for work, guests, tick, hardware, _, exits, share, *_ in ticks]
    quoted = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["suite"]
    assert len(rows) == len(rates.WORKS) * len(rates.GUESTS) * (len(rates.TICKS) + 1)
    assert quoted == [line.rstrip() for line in summary.lines(late, boot, rows)]


# ---- What is no figure is refused -----------------------------------------------------------------------------------

DELAY = {"n": 100, "early": 0, "late_min_ns": 1, "late_median_ns": 2, "late_p99_ns": 3, "late_max_ns": 4, "tick": "instructions"}


def delays(**changes):
    return "".join(f"@json accuracy {json.dumps({**DELAY, 'delay_ns': delay, **changes})}\n" for delay in accuracy.DELAYS)


def test_accuracy_can_fail():
    assert not accuracy.parse(delays())[1]
    assert accuracy.parse("")[1] and accuracy.parse(delays().partition("\n")[2])[1]
    for change in ({"early": 1}, {"n": 99}, {"late_min_ns": 3}, {"late_min_ns": -1}, {"tick": "cycles"}):
        assert accuracy.parse(delays(**change))[1], change
    assert accuracy.parse("@json accuracy {\n")[1]


BOOT = {"entry_tsc": 100, **{part: 200 + at for at, part in enumerate(boot_time.PARTS) if part != "entry"}}


def boot_text(boot, first):
    return f"calibration: tsc 1000000000 Hz\n@json boot {json.dumps(boot)}\n@json first_instruction {json.dumps(first)}\n"


def test_boot_time_can_fail():
    rows, problems = boot_time.parse(boot_text(BOOT, {"tsc": 1100}))
    assert not problems and rows[-1] == {"part": "all", "ticks": 1000, "us": 1.0}
    assert boot_time.parse("")[1] and boot_time.parse(boot_text(BOOT, {}))[1]
    assert boot_time.parse(boot_text(BOOT, {"tsc": 150}))[1]
    assert boot_time.parse(boot_text({**BOOT, "entry_tsc": 0}, {"tsc": 1100}))[1]
    assert boot_time.parse(boot_text({**BOOT, "memory": 500}, {"tsc": 1100}))[1]


def test_rates_can_fail():
    row = {"work": "idle", "guests": 10, "tick": "100", "guest_timer_irqs_per_s": 1000.0, "exits_per_s": 1.0}
    silent = {**row, "tick": "none", "guest_timer_irqs_per_s": 0, "exits_per_s": 0}
    assert not rates.check(row) and not rates.check(silent)
    assert rates.check({**row, "guest_timer_irqs_per_s": 980.0})
    assert rates.check({**silent, "exits_per_s": 0.5}) and rates.check({**silent, "guest_timer_irqs_per_s": 0.5})


# ---- What has changed -----------------------------------------------------------------------------------------------

MICRO = {"name": "arm_head", "unit": "instructions", "n": 500, "min": 100, "median": 101, "p99": 102, "max": 103}


@pytest.fixture
def compare(tmp_path, monkeypatch, capsys):
    """Returns compare(old, new): (exit status, output) for two files of the micro-benchmark."""
    def get(old, new, base=None, more=()):
        for name, rows in (("old", old), ("new", new)):
            (tmp_path / name).mkdir(exist_ok=True)
            figures.write_json(tmp_path / name / "micro.json", {}, rows)
        monkeypatch.setattr("sys.argv", ["bench_compare.py", str(base or tmp_path / "old"), "--new", str(tmp_path / "new"), *more])
        status = bench_compare.main()
        printed = capsys.readouterr()
        last = (printed.err or printed.out).splitlines()[-1]
        assert last == f"bench-compare: status {status}: {bench_compare.MEANINGS[status]}"
        return status, printed.out + printed.err
    return get


def test_what_has_changed_is_shown(compare, tmp_path):
    status, text = compare([MICRO], [{**MICRO, "median": 91}])
    assert status == 0 and len(text.splitlines()) == 4, text
    assert text.splitlines()[1].split() == ["micro", "arm_head", "median", "101", "91", "-10", "(-9.9", "%)"]
    status, text = compare([MICRO], [MICRO], tmp_path / "old/micro.json")
    assert status == 0 and text.startswith("no figure differs\n")
    status, text = compare([MICRO], [])
    assert status == 0 and "- " in text and text.splitlines()[1].split()[-2:] == ["-", "-"]


def test_a_broken_limit_is_a_status(compare):
    limit = bench_compare.limits()["arm_head"][0]
    assert compare([MICRO], [{**MICRO, "median": limit}])[0] == 0
    status, text = compare([MICRO], [{**MICRO, "median": limit + 1}])
    assert status == 1 and f"ABOVE ITS LIMIT: arm_head: median is {limit + 1}, the limit is {limit}" in text


def test_a_difference_is_a_status_where_it_is_asked_for(compare):
    limit = bench_compare.limits()["arm_head"][0]
    assert compare([MICRO], [MICRO], more=["--differences"])[0] == 0
    assert compare([MICRO], [{**MICRO, "median": 91}], more=["--differences"])[0] == 3
    assert compare([MICRO], [{**MICRO, "median": limit + 1}], more=["--differences"])[0] == 1


def test_what_cannot_be_compared_is_said(compare, tmp_path):
    status, text = compare([MICRO], [{**MICRO, "unit": "TSC cycles"}])
    assert status == 2 and "unit was instructions and is TSC cycles" in text
    status, text = compare([MICRO], [MICRO], "no-such-commit")
    assert status == 2 and "is no file, no folder and no commit" in text
    (tmp_path / "other.json").write_text("[]")
    assert compare([MICRO], [MICRO], tmp_path / "other.json")[0] == 2
