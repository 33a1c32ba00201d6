#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The checks of `make check`: include floors, headers that compile alone, file sizes, format, static analysis.

Prints one line for each check, the findings of those that fail, and last `check: N passed, N failed`.
"""

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import which

C_FOLDERS = ("hv", "boot", "guest", "tests")
MAX_C_LINES = 400
MAX_ASM_LINES = 1000
MAX_COLUMNS = 120  # in hv/


def sources(*suffixes, folders=C_FOLDERS):
    return sorted(path for folder in folders for path in Path(folder).rglob("*") if path.suffix in suffixes)


def output_of(command, text=None):
    """Runs a command; returns what it printed when it failed, and "" when it succeeded."""
    try:
        done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    except FileNotFoundError:
        return f"{command[0]} is not installed; run tools/install-deps test\n"
    return "" if done.returncode == 0 else done.stdout or f"{shlex.join(command)}: status {done.returncode}\n"


def each(function, items):
    """Runs function(item) for all items, as many at once as there are CPUs; joins what they print."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return "".join(pool.map(function, items))


def is_guest(path):
    return path.parts[0] == "guest" or path.parts[:2] == ("tests", "guests")


def floors(_):
    return output_of([sys.executable, "tools/check-floors.py"])


def headers(options):
    """Every header compiles alone, and twice in one file, under the build's own flags."""
    def compile_header(path):
        flags = options.guest_flags if is_guest(path) else options.flags
        text = f'#include "{path}"\n#include "{path}"\n'
        return output_of(["gcc", *shlex.split(flags), "-I.", "-x", "c", "-fsyntax-only", "-"], text)
    return each(compile_header, sources(".h", folders=("hv", "boot", "guest", "tests/guests")))


def sizes(_):
    found = ""
    for path in sources(".c", folders=("hv", "boot", "guest")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_C_LINES:
            found += f"{path}: {lines} lines, at most {MAX_C_LINES}: split it by noun\n"
    total = sum(len(path.read_text(encoding="utf-8").splitlines())
                for path in sources(".asm", ".inc", folders=("hv", "boot", "guest")))
    if total > MAX_ASM_LINES:
        found += f"{total} lines of assembly in all, at most {MAX_ASM_LINES}\n"
    return found


def line_lengths(_):
    return "".join(f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}\n"
                   for path in sources(".c", ".h", ".asm", ".inc", folders=("hv",))
                   for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
                   if len(line) > MAX_COLUMNS)


def licences(_):
    return "".join(f"{path}: has no SPDX-License-Identifier in its first three lines\n"
                   for path in sources(".c", ".h", ".asm", ".inc", ".py", folders=(*C_FOLDERS, "tools"))
                   if not any("SPDX-License-Identifier: BSD-2-Clause" in line
                              for line in path.read_text(encoding="utf-8").splitlines()[:3]))


def c_format(_):
    def differs(path):
        found = output_of(["clang-format", "--dry-run", "-Werror", "--ferror-limit=1", str(path)])
        return f"{path}: not in the project's format; run clang-format -i {path}\n" if found else ""
    return each(differs, sources(".c", ".h"))


def shell(_):
    scripts = [path for folder in ("tools", "tests", ".ci") for path in sorted(Path(folder).rglob("*"))
               if path.is_file() and path.read_bytes().split(b"\n")[0] in (b"#!/bin/bash", b"#!/bin/sh")]
    return output_of(["shellcheck", *map(str, scripts)])


def tidy(options):
    """clang-tidy, whose clang-analyzer checks are those of scan-build, on the product's own C files.

    It takes seconds for a file, so a file with nothing to find is remembered by all that the verdict depends on: the
    tool, its settings, the flags, and the file with all that it includes, comments and macros too.
    """
    options.cache.mkdir(parents=True, exist_ok=True)
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=False).stdout if which("clang-tidy") else b""
    settings = tool + Path(".clang-tidy").read_bytes()

    def analyse(path):
        flags = ["--target=x86_64-linux-gnu", *shlex.split(options.guest_flags if is_guest(path) else options.flags)]
        text = subprocess.run(["clang", *flags, "-E", "-C", "-dD", str(path)], capture_output=True, check=False).stdout
        known = options.cache / hashlib.sha256(settings + repr(flags).encode() + text).hexdigest()
        if text and known.exists():
            return ""
        found = output_of(["clang-tidy", "--quiet", str(path), "--", *flags])
        if text and not found:
            known.touch()
        return found
    return each(analyse, sources(".c", folders=("hv", "boot", "guest")))


CHECKS = {
    "include floors": floors,
    "headers compile alone": headers,
    "file sizes": sizes,
    "line lengths": line_lengths,
    "licence lines": licences,
    "format": c_format,
    "shell scripts": shell,
    "static analysis": tidy,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flags", required=True, help="compiler flags of the hypervisor")
    parser.add_argument("--guest-flags", required=True, help="compiler flags of the guests")
    parser.add_argument("--cache", type=Path, default="build/tidy", help="folder of what clang-tidy has found nothing in")
    options = parser.parse_args()
    failed = 0
    for name, check in CHECKS.items():
        found = check(options)
        print(f"check: {name}: {'FAILED' if found else 'ok'}", flush=True)
        if found:
            failed += 1
            print(found.rstrip())
    print(f"check: {len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
