#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a bootable ISO: GRUB for BIOS and UEFI, the hypervisor, and guests as modules.

Two forms. The product's ISO has the menu of boot/grub.cfg:

    tools/mkiso.py --output build/lull.iso --hv build/lull.elf --menu boot/grub.cfg \\
        --guest build/guest.elf --selftest tests/guests/selftest.list --guests build/guests

With --only demo, and --append "exit=debug report=json" for more words on its boot line, the ISO boots that one
entry of the menu at once. Everything else boots one entry without a menu; each module is a file and the rest of its module line:

    tools/mkiso.py --output /tmp/x.iso --hv build/lull.elf --boot "mode=interactive" \\
        --module "build/guest.elf web count=10 mem=1M -- hz=1000"

(mode=demo and mode=curve make their own guests, of a module whose line begins with `guest`.)
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Enough for a menu on the serial line and a multiboot2 boot from CD, and small, so that GRUB starts fast.
GRUB_MODULES = ("normal multiboot2 iso9660 serial terminal test echo reboot halt part_gpt part_msdos part_apple "
                "part_acorn part_amiga part_bsd part_dfly part_dvh part_plan part_sun part_sunpc all_video")

# GRUB's text goes to the serial line and to the screen. UEFI firmware copies its console to the serial line
# already, so there the console alone does both.
TERMINALS = """\
serial --unit=0 --speed=115200
if [ "$grub_platform" = efi ]; then
    terminal_input console
    terminal_output console
else
    terminal_input serial console
    terminal_output serial console
fi
insmod all_video
"""

# Lull asks for a framebuffer in its multiboot2 header. Where GRUB has no driver that works, it gives the text mode, if the
# machine has one. After the `multiboot2` command a screen of text can be had instead: for measuring, since text costs
# nothing to show. (UEFI has no such mode: there is no screen then.)
SCREENS = {"graphics": [], "text": ["    set gfxpayload=text"]}
SCREEN = "graphics"  # unless the command line says something else

SELFTEST_MARK = "@SELFTEST_MODULES@"


class IsoError(Exception):
    """The ISO could not be made; the text says why and what to do."""


def quote(word):
    """Quotes one word for GRUB's shell."""
    if word and all(c.isalnum() or c in "=_-./,:+%@^~" for c in word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def quote_line(line):
    return " ".join(quote(word) for word in line.split())


def entry(boot_line, modules, screen="text"):
    """Returns (grub.cfg text, {path on the ISO: file}) for one entry; modules are (file, line) pairs, screen is of SCREENS."""
    files = {}
    lines = [TERMINALS + "set timeout=0", "menuentry 'Lull' {", f"    multiboot2 /boot/lull.elf {quote_line(boot_line)}",
             *SCREENS[screen]]
    paths = {}
    for file, line in modules:
        # Two files may share a name, so each gets a folder of its own; a file may be a module several times.
        path = paths.setdefault(str(file), f"/boot/{len(paths)}/{Path(file).name}")
        files[path] = file
        lines.append(f"    module2 {path} {quote_line(line)}")
    lines.append("}")
    return "\n".join(lines) + "\n", files


def selftest_modules(list_file, guests, guest):
    """Reads selftest.list: returns [(image file, module line)], the line beginning with the guest's name.

    `guests` is the folder of the images; the guest OS, which is `guest`, is called so.
    """
    modules = []
    for number, line in enumerate(Path(list_file).read_text(encoding="ascii").splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        image = Path(guest) if words[0] == "guest" else Path(guests) / f"{words[0]}.elf"
        if not image.exists():
            raise IsoError(f"{list_file}:{number}: there is no {image}; add {words[0]} to tests/guests/guests.mk")
        modules.append((image, " ".join(words)))
    return modules


def menu(config, guest, list_file, guests):
    """Returns (grub.cfg text, files) for the product's menu."""
    files = {"/boot/guest.elf": guest}
    lines = []
    for image, line in selftest_modules(list_file, guests, guest):
        path = "/boot/guest.elf" if image == Path(guest) else f"/boot/guests/{image.name}"
        files[path] = image
        lines.append(f"    module2 {path} {quote_line(line)}")
    text = Path(config).read_text(encoding="ascii")
    if text.count(SELFTEST_MARK) != 1:
        raise IsoError(f"{config}: must hold {SELFTEST_MARK} exactly once")
    return TERMINALS + text.replace("    " + SELFTEST_MARK, "\n".join(lines)), files


def menu_entry(config, name):
    """Returns (boot line, [(path on the ISO, module line)]) of the entry `--id name` in grub.cfg text."""
    match = re.search(rf"^menuentry [^\n]*--id {re.escape(name)} {{\n(.*?)^}}", config, re.MULTILINE | re.DOTALL)
    if match is None:
        raise IsoError(f"the menu has no entry with --id {name}")
    boot_line, modules = None, []
    for line in match.group(1).splitlines():
        words = shlex.split(line)
        if words[:2] == ["multiboot2", "/boot/lull.elf"]:
            boot_line = " ".join(words[2:])
        elif words[:1] == ["module2"]:
            modules.append((words[1], " ".join(words[2:])))
    if boot_line is None:
        raise IsoError(f"the menu entry {name} does not boot /boot/lull.elf")
    return boot_line, modules


def product_entry(build_dir, name):
    """Returns (boot line, [(file, module line)]) of an entry of the product's menu, built in build_dir."""
    config, files = menu("boot/grub.cfg", f"{build_dir}/guest.elf", "tests/guests/selftest.list",
                         f"{build_dir}/guests")
    boot_line, modules = menu_entry(config, name)
    return boot_line, [(files[path], line) for path, line in modules]


def build(output, hv, config, files, remedy="run `make all` first"):
    """Writes the ISO `output` with the hypervisor, the grub.cfg text `config` and {path on the ISO: file}.

    `remedy` is what to do where a file is missing.
    """
    for file in [hv, *files.values()]:
        if not Path(file).is_file():
            raise IsoError(f"{file} does not exist; {remedy}")
    with tempfile.TemporaryDirectory(prefix="mkiso.") as tree:
        (Path(tree) / "boot/grub").mkdir(parents=True)
        (Path(tree) / "boot/grub/grub.cfg").write_text(config, encoding="ascii")
        for path, file in {**files, "/boot/lull.elf": hv}.items():
            target = Path(tree) / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        part = f"{output}.part"
        command = ["grub-mkrescue", "--compress=no", "--fonts=", "--themes=", "--locales=",
                   f"--install-modules={GRUB_MODULES}", "-o", part, tree]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        # grub-mkrescue can exit with 0 although a helper failed, so the result is looked at too.
        if done.returncode != 0 or not Path(part).exists():
            raise IsoError(f"{' '.join(command)} failed with status {done.returncode}:\n{done.stdout}")
        os.replace(part, output)


def misuse(options):
    """What is wrong with the options together; None: nothing. No option is ever ignored."""
    if (options.menu is None) == (options.boot is None):
        return "give either --boot or --menu"
    of_menu = ("guest", "selftest", "guests", "only", "append")
    given = [f"--{name}" for name in of_menu if getattr(options, name) is not None]
    if options.boot is not None and given:
        return f"{given[0]} goes with --menu; --boot has the whole boot line, and --module the guests"
    if options.menu is not None and options.module:
        return "--module goes with --boot; the menu has modules of its own"
    if options.menu is not None and None in (options.guest, options.selftest, options.guests):
        return "--menu needs --guest, --selftest and --guests"
    if options.screen is not None and options.menu is not None and options.only is None:
        return "--screen needs --boot or --only: it is of one entry"
    if options.append is not None and options.only is None:
        return "--append needs --only: the words are for the boot line of one entry"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, help="the ISO to write")
    parser.add_argument("--hv", required=True, help="the hypervisor, build/lull.elf")
    one = parser.add_argument_group("one entry")
    one.add_argument("--boot", metavar="WORDS", help="its boot line")
    one.add_argument("--module", action="append", default=[], metavar='"FILE LINE"',
                     help="a guest image and the module line that begins with its name; once for each module")
    product = parser.add_argument_group("the product's menu")
    product.add_argument("--menu", metavar="GRUB.CFG", help="boot/grub.cfg")
    product.add_argument("--guest", metavar="FILE", help="the guest image, build/guest.elf")
    product.add_argument("--selftest", metavar="LIST", help="the self-test's module lines")
    product.add_argument("--guests", metavar="DIR", help="the self-test's images, build/guests")
    product.add_argument("--only", metavar="ID", help="boot this entry of the menu at once, and no other")
    product.add_argument("--append", metavar="WORDS", help="more words for the boot line of --only")
    parser.add_argument("--screen", choices=SCREENS, help=f"of --boot and --only (default: {SCREEN}; where the machine has no "
                        "graphics it is text)")
    options = parser.parse_args()
    complaint = misuse(options)
    if complaint is not None:
        parser.error(complaint)
    try:
        if options.menu is not None:
            config, files = menu(options.menu, options.guest, options.selftest, options.guests)
            if options.only is not None:
                boot_line, modules = menu_entry(config, options.only)
                config, files = entry(f"{boot_line} {options.append or ''}", [(files[path], line) for path, line in modules],
                                      options.screen or SCREEN)
        else:
            config, files = entry(options.boot, [tuple((m + " ").split(" ", 1)) for m in options.module],
                                  options.screen or SCREEN)
        build(options.output, options.hv, config, files)
    except IsoError as error:
        print(f"mkiso: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
