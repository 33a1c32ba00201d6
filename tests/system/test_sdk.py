# SPDX-License-Identifier: BSD-2-Clause
"""What a stranger does with the SDK: unpack it somewhere, build the example with the ordinary compiler, boot it."""

import os
import re
import subprocess
import tarfile

import pexpect
import qemu

# Nothing of the tree's, and none of its compilers by their long names.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "dumb"}


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_example_is_built_and_booted(build, tmp_path):
    subprocess.run(["make", "sdk", f"BUILD={os.path.relpath(build)}",
                    f"TOOLCHAIN={'clang' if build.name == 'clang' else 'gcc'}"],
                   stdout=subprocess.DEVNULL, timeout=900, check=True)
    archive = max(build.glob("lull-sdk-*.tar.gz"), key=lambda file: file.stat().st_mtime)
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    sdk = tmp_path / archive.name.removesuffix(".tar.gz")
    example = sdk / "example"

    said = run(example, "make")
    assert re.search(r"^cc ", said, re.MULTILINE) and "x86_64-linux-gnu" not in said
    assert "warning" not in said
    run(example, "make", "oneshot.elf")
    assert str(build.parent) not in said, "the example was built with something of the tree"

    child = pexpect.spawn(str(sdk / "lull-boot"), ["--run", "hello.elf hello mem=64K -- period=20ms n=20",
                                                   "oneshot.elf oneshot"],
                          cwd=example, env=ENVIRONMENT, timeout=180, dimensions=(50, 200))
    try:
        # In either order; then the console has all that it wrote, which is little enough to be kept.
        ended = [child.expect([r"guest 1 \(hello\) exited with code 0\D", r"guest 2 \(oneshot\) exited with code 0\D"])
                 for _ in range(2)]
        assert sorted(ended) == [0, 1]
        child.send("console 1\r")
        child.expect(r"hello from hello, guest 1, by ABI version \d+")
        child.expect(r"\b1: woken \d+ ns behind the deadline")
        child.expect(r"\b20: woken \d+ ns behind the deadline")
        child.expect_exact("lull> ")
    finally:
        qemu.end(child)


def test_lull_boot_says_what_is_wrong(build, tmp_path):
    done = subprocess.run(["tools/sdk/lull-boot", "--output", str(tmp_path / "x.iso"), "absent.elf absent"],
                          env={**ENVIRONMENT, "PYTHONPATH": "tools"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=600, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("lull-boot: ") and "does not exist; each argument begins with" in done.stdout
