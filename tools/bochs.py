# SPDX-License-Identifier: BSD-2-Clause
"""The one place that knows how Lull is started in Bochs: its whole configuration, and how a run comes to its end.

Bochs has no device through which the hypervisor could set an exit status, so only the serial text tells success
from failure. A run ends when a line of it is the last that was waited for, when Bochs ends by itself, or when its
time is over; the caller judges the text.

Debian's Bochs 2.7 has its debugger compiled in: without the command file (-rc) it would stop at the first
instruction and wait for somebody to type. Its `term` display opens a terminal of its own, so none is needed here, and
somebody must read what it writes there.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = "bochs-bin" # behind Debian's `bochs`, a shell script, which would have to be ended beside it
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
VGA_BIOS = "/usr/share/vgabios/vgabios.bin"

# What a CPU model has decides what a run shows.
NEW_CPU = "tigerlake"            # x2APIC, TSC-deadline timer, SMEP, SMAP, UMIP
OLD_CPU = "athlon64_clawhammer"  # the first x86-64 CPU: none of them, and AMD's way of doing the rest

# Instructions per second of virtual time, which is also the rate of the TSC and of the local APIC timer. Virtual time
# passes by the count of instructions (sync=none), so every run is the same. Few make virtual time cheap to
# run through; too few make a guest's millisecond too short for what it does in it.
IPS = 100_000_000

# The last line of a self-test, or the last one of a panic.
LAST_LINE = r"^selftest: \d+ passed, \d+ failed$|^panic: (leaving|rebooting|the machine is halted)"

CONFIGURATION = """\
display_library: term
cpu: model={cpu}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=0
memory: guest={memory_mb}, host={memory_mb}
romimage: file={bios}, options=fastboot
vgaromimage: file={vga_bios}
vga: update_freq=1, realtime=0
pci: enabled=1, chipset=i440fx{hpet}
ata0: enabled=1
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="{folder}/serial.txt"
clock: sync=none, time0=1767225600
plugin_ctrl: speaker=0, parallel=0, gameport=0, biosdev=0
log: "{folder}/bochs.log"
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def configuration(iso, folder, *, cpu=NEW_CPU, cpus=1, ips=IPS, memory_mb=256, no_hpet=False):
    """Returns the text of a bochsrc that boots `iso` and writes serial.txt and bochs.log to `folder`."""
    return CONFIGURATION.format(cpu=cpu, cpus=cpus, ips=ips, memory_mb=memory_mb, bios=BIOS, vga_bios=VGA_BIOS, iso=iso,
                                folder=folder, hpet=", advopts=nohpet" if no_hpet else "")


def missing():
    """Returns a sentence that says what is missing here and what to do, or None."""
    if shutil.which(PROGRAM) is None:
        return f"there is no {PROGRAM}; install the packages bochs and bochs-term"
    for file, package in ((BIOS, "bochsbios"), (VGA_BIOS, "vgabios")):
        if not Path(file).exists():
            return f"Bochs needs {file}; install the package {package}"
    return None


def clean(data):
    """Serial bytes as text: line ends as in a file, GRUB's cursor movements removed."""
    text = data.decode("utf-8", errors="replace").replace("\r", "")
    return re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]", "", text)


def run(iso, *, time_limit_s, last_line=LAST_LINE, show=None, **machine):
    """Boots `iso` and returns (serial text, why it ended: None for `last_line`, else a sentence).

    `show` is called with each new piece of the text. Raises RuntimeError, with what to do, where Bochs is missing.
    """
    trouble = missing()
    if trouble is not None:
        raise RuntimeError(trouble)
    if not Path(iso).is_file():
        raise RuntimeError(f"{iso} does not exist; run `make iso` first")
    with tempfile.TemporaryDirectory(prefix="lull-bochs-") as folder:
        path = Path(folder)
        (path / "bochsrc").write_text(configuration(Path(iso).resolve(), folder, **machine), encoding="utf-8")
        (path / "commands").write_text("continue\n", encoding="utf-8")
        with open(path / "output.txt", "wb") as output, subprocess.Popen(
                [PROGRAM, "-q", "-f", path / "bochsrc", "-rc", path / "commands"], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, cwd=folder, env={**os.environ, "TERM": "vt100"}) as process:
            screen = Screen(path / "output.txt")
            try:
                return follow(process, path, time_limit_s, last_line, show, screen)
            finally:
                process.kill()
                screen.close()


class Screen:
    """The terminal that the display opens: somebody must read it, or Bochs stands still when it is full."""

    def __init__(self, output):
        self.output = output
        self.file = None

    def drain(self):
        named = re.search(rb'connected to screen "([^"]+)"', self.output.read_bytes())
        if named is None:
            return
        try:
            self.file = self.file or os.open(named[1], os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
            while os.read(self.file, 65536):
                pass
        except BlockingIOError:
            pass
        except OSError: # Bochs has ended
            self.close()

    def close(self):
        if self.file is not None:
            os.close(self.file)
            self.file = None


def follow(process, path, time_limit_s, last_line, show, screen):
    end = time.monotonic() + time_limit_s
    seen = 0
    while True:
        screen.drain()
        over = process.poll() is not None # before the text is read: nothing is written after it
        text = clean((path / "serial.txt").read_bytes()) if (path / "serial.txt").exists() else ""
        if show is not None and len(text) > seen:
            show(text[seen:])
            seen = len(text)
        if re.search(last_line, text, re.MULTILINE):
            return text, None
        if over:
            return text, f"Bochs ended by itself with status {process.returncode}:\n{last_words(path)}"
        if time.monotonic() > end:
            return text, f"it did not end within {time_limit_s} s"
        time.sleep(0.1)


def last_words(path):
    log = path / "bochs.log"
    file = log if log.exists() and log.stat().st_size > 0 else path / "output.txt"
    return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
