# SPDX-License-Identifier: BSD-2-Clause
"""The threat model in hv/README.md names files and tests: each is there."""

import re

import pytest

from conftest import TOP

KINDS = r"test_\w+\.py(?:::\w+)?|test_\w+\.c(?:: \w+)?|selftest: \w+|fuzz: \w+"


def section():
    text = (TOP / "hv" / "README.md").read_text(encoding="utf-8")
    return text.partition("\n## Threat model\n")[2].partition("\n## ")[0]


def rows():
    """(promise, mechanism, test) of each row of the table."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section().splitlines() if line.startswith("| ")]
    assert all(len(row) == 3 for row in cells), cells
    return cells[1:]


def exists(name):
    """Whether a test of that name is run."""
    tests = TOP / "tests"
    if name.startswith("selftest: "):
        lines = [line.partition(" -- ")[0].split() for line in (tests / "guests" / "selftest.list").read_text().splitlines()
                 if line and not line.startswith("#")]
        called = {next((word[5:] for word in words if word.startswith("name=")), words[0]) for words in lines}
        return name.removeprefix("selftest: ") in called
    if name.startswith("fuzz: "):
        return (tests / "fuzz" / f"fuzz_{name.removeprefix('fuzz: ')}.c").is_file()
    file, _, function = name.partition("::") if ".py" in name else name.partition(": ")
    path = tests / ("system" if file.endswith(".py") else "unit") / file
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if not file.endswith(".py"):
        return function == "" or re.search(rf"^static void {function}\(void \*\*state\)", text, re.MULTILINE) is not None
    return function == "" or re.search(rf"^def {function}\(", text, re.MULTILINE) is not None


def test_every_promise_has_a_mechanism_and_a_test():
    assert len(rows()) >= 10
    for promise, mechanism, test in rows():
        names = re.findall(r"`([^`]+)`", test)
        assert names and all(re.fullmatch(KINDS, name) for name in names), (promise, names)
        files = [name for name in re.findall(r"`(\w+/\w+\.\w+)`", mechanism)]
        assert files, promise
        assert all((TOP / "hv" / file).is_file() for file in files), (promise, files)


def test_every_test_that_is_named_is_there():
    names = [name for name in re.findall(r"`([^`]+)`", section()) if re.fullmatch(KINDS, name)]
    assert len(names) > 30
    assert [name for name in names if not exists(name)] == []


@pytest.mark.parametrize("name", ["selftest: none", "fuzz: none", "test_none.py", "test_hostile.py::none", "test_none.c",
                                  "test_guests.c: none"])
def test_one_that_is_not_there_is_missed(name):
    assert re.fullmatch(KINDS, name) and not exists(name)
