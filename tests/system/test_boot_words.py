# SPDX-License-Identifier: BSD-2-Clause
"""The tables of the boot line in hv/core/README.md and README.md are those of hv/core/boot_line.c."""

import re
from pathlib import Path

LONGEST = {"INT64_MAX": "2^63 - 1"}


def names(text):
    """{constant: its value as written} of the headers' #defines that the table uses."""
    return {**LONGEST, **dict(re.findall(r"^#define ((?:BOOT|TRACE)_\w+) (\w+?)u?$", text, re.MULTILINE))}


def options(source, constants):
    """{key: [value, ...]} as hv/core/README.md writes them: words, or a range as `1 to 64`."""
    lists = {name: re.findall(r'"([^"]+)"', body)
             for name, body in re.findall(r"^static const char \*const (\w+)\[\] = {(.*?)NULL };", source,
                                          re.MULTILINE | re.DOTALL)}
    table = source[source.index("static const struct option table[] = {"):]
    table = table[:table.index("\n};")]
    found = {}
    for key, kind, rest in re.findall(r'{ "(\w+)", OPTION_(\w+),(.*?)OPTION_FIELD', table, re.DOTALL):
        values = []
        if kind == "NUMBER":
            low, high = (re.search(rf"\.{end} = (\w+)", rest).group(1) for end in ("min", "max"))
            values = [f"{constants.get(low, low)} to {constants.get(high, high)}"]
        words = re.search(r"\.words = (\w+)", rest)
        found[key] = values + (lists[words.group(1)] if words else [])
    assert len(found) == table.count("OPTION_FIELD"), "a row of the table was not understood"
    return found


def rows(text, head):
    """The cells of each row of the table below the line `head`."""
    lines = text[text.index(f"\n{head}\n") + 1:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def of_core(text):
    return {cells[0].strip("`"): [value.strip("`") for value in cells[1].split(", ")]
            for cells in rows(text, "| key | values | default | what it does |")}


def of_readme(text):
    """There a number is N, and several keys may share a row."""
    found = {}
    for cells in rows(text, "| word | meaning |"):
        for key, values in re.findall(r"`(\w+)=([^`]*)`", cells[0]):
            found[key] = values.split("\\|")
    return found


def boot_line():
    return options(Path("hv/core/boot_line.c").read_text(encoding="utf-8"),
                   names("".join(Path(f"hv/core/{header}.h").read_text(encoding="utf-8") for header in ("boot_line", "trace"))))


def test_the_source_is_understood():
    found = boot_line()
    assert found["report"] == ["text", "json"] and found["demo_seconds"] == ["1 to 3600"]
    assert found["cpus"] == ["1 to 64", "all"] and len(found) >= 20


def test_every_word_is_in_the_description_of_core():
    assert of_core(Path("hv/core/README.md").read_text(encoding="utf-8")) == boot_line()


def test_every_word_is_in_the_readme():
    expected = {key: ["N" if " to " in value else value for value in values] for key, values in boot_line().items()}
    found = of_readme(Path("README.md").read_text(encoding="utf-8"))
    assert {key: sorted(values) for key, values in found.items()} == \
        {key: sorted(values) for key, values in expected.items()}
