#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints, as a C file, the commit that the sources are of, for the monitor's `version` (hv/core/commit.h).

With `-dirty` behind it where files that git knows were changed since; `unknown` where the sources' top folder is not the top of
a git checkout, or git is not there.
"""

import argparse
import subprocess
import sys
from pathlib import Path

DIGITS = 12


def git(folder, *words):
    """What git prints; None where it fails or is missing."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit(folder):
    top = git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != Path(folder).resolve():
        return "unknown"
    return git(folder, "describe", "--always", "--dirty", f"--abbrev={DIGITS}", "--exclude=*") or "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=".", help="the top folder of the sources")
    options = parser.parse_args()
    print(f'#include "core/commit.h"\n\nconst char commit_text[COMMIT_TEXT_SIZE] = "{commit(options.folder)}";')
    return 0


if __name__ == "__main__":
    sys.exit(main())
