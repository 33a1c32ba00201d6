# SPDX-License-Identifier: BSD-2-Clause
"""The figures in README.md are those of this build: the demonstration here, the others beside their own tests."""

import subprocess
import sys
from pathlib import Path

import mkiso
import pytest
import readme

TEXT = "a\n<!-- figures: demo -->\n\n    x  1\n    host CPU seconds of QEMU: 7\n\n<!-- figures end -->\nb\n"


def test_readme_has_the_figures_of_the_demo(build, tmp_path):
    if build.name == "clang":
        pytest.skip("the README has the figures of the build with gcc")
    boot_line, modules = mkiso.product_entry(build, "demo")
    iso = tmp_path / "demo.iso"
    mkiso.build(iso, build / "lull.elf", *mkiso.entry(f"{boot_line} exit=debug report=json", modules))
    done = subprocess.run([sys.executable, "tools/demo.py", "compare", str(iso), "--icount", "--json",
                           str(tmp_path / "demo.json")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=900, check=False)
    assert done.returncode == 0, done.stdout
    committed = readme.blocks(Path("README.md").read_text(encoding="utf-8"))["demo"]
    pairs = readme.differences(committed, readme.demo_lines(tmp_path / "demo.txt"))
    assert not pairs, readme.complaint("demo", pairs)


def test_blocks_are_found_and_written():
    assert readme.blocks(TEXT) == {"demo": ["x  1", "host CPU seconds of QEMU: 7"]}
    fresh = {"demo": ["x  2"], "bench": ["not there"]}
    assert readme.rewrite(TEXT, fresh) == "a\n<!-- figures: demo -->\n\n    x  2\n\n<!-- figures end -->\nb\n"
    assert readme.rewrite(TEXT, {}) == TEXT


def test_only_real_time_may_differ():
    old = readme.blocks(TEXT)["demo"]
    assert not readme.differences(old, ["x  1", "host CPU seconds of QEMU: 8"])
    assert readme.differences(old, ["x  2"]) == [("x  1", "x  2")]
    assert readme.differences(old, ["x  1", "y"]) == [("", "y")]
    assert readme.differences(old, []) == [("x  1", "")]
    assert "make readme" in readme.complaint("demo", [("x  1", "x  2")])


@pytest.mark.parametrize("text", ["<!-- figures: nothing -->\n<!-- figures end -->", "<!-- figures: demo -->\n"])
def test_a_wrong_mark_is_an_error(text):
    with pytest.raises(ValueError):
        readme.blocks(text)
