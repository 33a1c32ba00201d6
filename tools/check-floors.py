#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails when an include breaks a floor: a folder may include only what lies beneath it.

The floors keep the machine-free library machine-free, policy free of chips and one chip free of another. The
table below is the rule; README.md explains it.
"""

import re
import sys
from pathlib import Path

ABI_HEADERS = {"stdint.h", "stddef.h", "stdbool.h"}
FREESTANDING = ABI_HEADERS | {"stdarg.h", "stdalign.h", "stdnoreturn.h", "limits.h", "float.h", "iso646.h"}
CONTRACTS = {"dev/clock_event.h", "dev/clock_source.h"}

# folder: the folders its files may include from. Itself is always allowed, except in dev/ (see allowed()).
FLOORS = {
    "hv/shared/abi": set(),
    "hv/shared/lib": set(),
    "hv/x86": {"lib"},
    "hv/core": {"lib", "x86"},
    "hv/dev": {"lib", "x86", "core"},
    "hv/time": {"lib", "x86", "core"},
    "hv/vm": {"abi", "lib", "x86", "core", "time"},
    "hv/monitor": {"abi", "lib", "x86", "core", "dev", "time", "vm"},
    "hv": {"abi", "lib", "x86", "core", "dev", "time", "vm", "monitor"},
    "boot": {"lib", "x86", "core"},
    "guest": {"abi", "lib"},
    "tests/guests": {"abi", "lib", "guest", "apps"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    """The longest folder of FLOORS that holds `path`."""
    text = path.as_posix()
    return max((folder for folder in FLOORS if text.startswith(folder + "/")), key=len)


def same_chip(file, header):
    """Whether dev/`header` belongs to the same chip as `file`: acpi_tables.h to acpi_madt.c, not to hpet.c."""
    name, chip = Path(file).stem, Path(header).stem
    return name.split("_")[0] == chip.split("_")[0]


def allowed(file, folder, name):
    """Whether `file` in `folder` may include `name`."""
    if "/" not in name:
        if name in FREESTANDING:
            return name in ABI_HEADERS or folder != "hv/shared/abi"
        if folder == "hv/dev":
            return "dev/" + name in CONTRACTS or same_chip(file.name, name)
        # A bare name is a neighbour in the same folder, or, in guests, a header of the guest OS.
        if folder == "boot" and name == "main.h":
            return True  # the one call upwards: the loader's side hands over to hv_main()
        return (file.parent / name).exists() or (folder in ("guest", "tests/guests") and Path("guest", name).exists())
    top = name.split("/")[0]
    if folder == "hv/dev" and top == "dev":
        return name in CONTRACTS or same_chip(file.name, name)
    if folder == "hv/time" and name in CONTRACTS:
        return True
    if top == folder.rpartition("/")[2] or top in FLOORS[folder]:
        return True
    # Sub-folders of a folder without a floor of its own, such as guest/apps.
    return (Path(folder) / name).exists()


def main():
    broken = 0
    files = 0
    for top in ("hv", "boot", "guest", "tests/guests"):
        for path in sorted(Path(top).rglob("*")):
            if path.suffix not in (".c", ".h"):
                continue
            files += 1
            folder = folder_of(path)
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if match and not allowed(path, folder, match.group(2)):
                    broken += 1
                    print(f"{path}:{number}: {folder}/ must not include {match.group(2)}; it may include from: "
                          f"{', '.join(sorted(FLOORS[folder])) or 'nothing but itself'}")
    if files == 0:
        print("check-floors: found no source file; run it from the top folder")
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main())
