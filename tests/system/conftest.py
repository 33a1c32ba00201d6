# SPDX-License-Identifier: BSD-2-Clause
"""Boots Lull in QEMU for the system tests.

`boot(boot_line, modules, ...)` makes an ISO, boots it through GRUB to its end, and returns what came over the
serial line and QEMU's exit status. `console(...)` leaves the machine running with its serial console at hand.
A machine that has not ended in time fails its test, and so does every exit status except qemu.EXIT_SUCCESS.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))

import mkiso  # noqa: E402
import qemu  # noqa: E402
from bochs import clean  # noqa: E402

# Real seconds for one machine from power-on to its end, and for one answer of it; only a hang comes near, also on a busy host.
TIMEOUT_S = 600
ANSWER_S = 180
PROMPT = "lull> "

# until() gives up when both are used up: a fast machine takes no time for a look, a busy host lets few of them be taken.
PATIENCE_S = 120
LOOKS = 100


def until(condition, what):
    """The first true value of condition(), which looks once more each time."""
    begun = time.monotonic()
    looks = 0
    while looks < LOOKS or time.monotonic() - begun < PATIENCE_S:
        value = condition()
        if value:
            return value
        looks += 1
    pytest.fail(f"never came: {what() if callable(what) else what}")


# What may be said of a machine without meaning its chips.
PLAIN = {"icount", "smp", "memory", "log", "serial", "second", "qmp", "gdb"}


def spare_the_loader(machine):
    """In virtual time GRUB's look at the PIT takes longer than many a test: a test that names no chip does without.

    Lull says then that it does not use the PIT, which is its third reference behind HPET and PM timer.
    """
    if machine.get("icount") and machine.keys() <= PLAIN:
        machine["speaker"] = False


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="folder that holds lull.elf, guest.elf and guests/")


@pytest.fixture(scope="session")
def build(request):
    """The build folder. Tests run from the top of the tree, as make does."""
    folder = TOP / request.config.getoption("--build")
    assert (folder / "lull.elf").is_file(), f"{folder}/lull.elf does not exist; run `make all` first"
    return folder


@pytest.fixture(autouse=True)
def from_the_top(monkeypatch):
    monkeypatch.chdir(TOP)


class Outcome:
    """What a machine printed, and how it ended."""

    def __init__(self, text, status):
        self.text = text
        self.status = status

    def succeeded(self):
        assert self.status == qemu.EXIT_SUCCESS, \
            f"QEMU ended with status {self.status}, not {qemu.EXIT_SUCCESS}. Serial output:\n{self.text}"
        return self

    def says(self, pattern):
        """Asserts that a line matches `pattern` and returns the match."""
        match = re.search(pattern, self.text, re.MULTILINE)
        assert match, f"no line matches {pattern!r}. Serial output:\n{self.text}"
        return match

    def never_says(self, pattern):
        match = re.search(pattern, self.text, re.MULTILINE)
        assert not match, f"{match.group(0)!r} was printed. Serial output:\n{self.text}"


@pytest.fixture
def iso(build, tmp_path):
    """Returns make(boot_line, modules): the path of a new ISO. A module is (file or image name, module line). `hv`: another
    hypervisor than the build's."""
    def make(boot_line, modules=(), screen="text", hv=None):
        files = []
        for image, line in modules:
            named = build / "guests" / f"{image}.elf"
            files.append((image if Path(image).is_absolute() else named if named.exists() else build / f"{image}.elf",
                          line))
        path = tmp_path / f"{len(list(tmp_path.glob('*.iso')))}.iso"
        mkiso.build(path, hv or build / "lull.elf", *mkiso.entry(boot_line, files, screen))
        return path

    yield make
    for path in tmp_path.glob("*.iso"):  # all of them together take gigabytes, which /tmp may not have
        path.unlink()


@pytest.fixture
def entry(build):
    """Returns entry(name): (boot line, modules) of an entry of the product's GRUB menu; `only` names images to keep."""
    def get(name, only=None):
        boot_line, modules = mkiso.product_entry(build, name)
        modules = [(Path(file).resolve(), line) for file, line in modules]
        if only is not None:
            images = {file.stem for file, _ in modules}
            assert set(only) <= images, f"the entry {name} has no module of {set(only) - images}"
            modules = [(file, line) for file, line in modules if file.stem in only]
        return boot_line, modules
    return get


# Enough of the self-test to see that a machine keeps time, takes interrupts and keeps guests apart, in a few seconds.
SHORT = ("witness", "hello", "timer_oneshot", "timer_replace", "timer_stop", "timer_periodic", "halt_race", "mask",
         "exceptions", "syscall_twin", "clock_monotonic", "bad_handler")


@pytest.fixture
def short(entry):
    """(boot line, modules) of a short self-test."""
    boot_line, modules = entry("selftest", SHORT)
    return f"{boot_line} exit=debug", modules


def unhurried(modules):
    """Modules of a self-test for real time: with time-outs that no busy host uses up."""
    def patient(line):
        if " timeout=" in line:  # it has one of its own, or lasts as long as that says
            return line
        options, dashes, arguments = line.partition(" -- ")
        return f"{options} timeout={TIMEOUT_S // 2}s{dashes}{arguments}"
    return [(file, patient(line)) for file, line in modules]


@pytest.fixture
def boot(iso):
    """Returns boot(boot_line, modules, **machine): an Outcome. Deterministic time unless icount=False."""
    def run(boot_line, modules=(), timeout_s=TIMEOUT_S, hv=None, **machine):
        machine.setdefault("icount", True)
        spare_the_loader(machine)
        line = qemu.command(iso(boot_line, modules, hv=hv), **machine)
        try:
            done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"the machine did not end within {timeout_s} s. Serial output:\n{clean(late.stdout or b'')}")
        return Outcome(clean(done.stdout), done.returncode)
    return run


class Console:
    """A running machine with the monitor's prompt."""

    def __init__(self, child):
        self.child = child

    def expect(self, pattern, timeout_s=ANSWER_S):
        """Waits for a pattern; returns (text before it, match)."""
        try:
            self.child.expect(pattern, timeout=timeout_s)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            pytest.fail(f"{pattern!r} did not come ({type(error).__name__}). Serial output so far:\n"
                        f"{clean(self.child.before if isinstance(self.child.before, bytes) else b'')}")
        return clean(self.child.before), self.child.match

    def prompt(self, timeout_s=ANSWER_S):
        """Waits for the prompt; returns what came before it."""
        return self.expect(re.escape(PROMPT), timeout_s)[0]

    def command(self, text):
        """Types a command and returns its output, without the echo."""
        self.child.send(text + "\r")
        output = self.prompt()
        return output.partition("\n")[2]

    def ended(self, timeout_s=ANSWER_S):
        """Waits for the machine to end by itself; returns QEMU's exit status."""
        self.expect(pexpect.EOF, timeout_s)
        return qemu.end(self.child)


@pytest.fixture
def console(iso):
    """Returns console(boot_line, modules, **machine): a Console. Real time unless icount=True."""
    children = []

    def run(boot_line, modules=(), screen="text", hv=None, **machine):
        # Without signal=off, Ctrl-C would end QEMU and not reach the machine.
        machine.setdefault("serial", "chardev:tty")
        spare_the_loader(machine)
        line = qemu.command(iso(boot_line, modules, screen, hv), **machine)
        if machine["serial"] == "chardev:tty":
            line += ["-chardev", "stdio,id=tty,signal=off"]
        child = pexpect.spawn(line[0], line[1:], echo=False, timeout=ANSWER_S, dimensions=(50, 200))
        child.delaybeforesend = None
        children.append(child)
        return Console(child)

    yield run
    for child in children:
        qemu.end(child)
