#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures Xen beside Lull (`make bench-peers`): the same operations, by the same code, on the same emulated machine.

Debian's package of Xen is downloaded by apt into the build folder and unpacked there; nothing is installed. Xen runs twice, as
packaged and with timer_slop=0 on its command line (tests/peers/README.md tells why), with a kernel of ours as dom0. Lull runs its
own benchmark. Then each is left idle, while QEMU notes every hardware interrupt. Exit status 2: Xen cannot be had here.
"""

import argparse
import gzip
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bench
import figures
import mkiso
import qemu

PACKAGE = "xen-hypervisor-4.17-amd64"
TIMEOUT_S = 1200
IDLE_S = 20

# A serial line, the memory and the second vCPU that the kernel needs, and no reboot where QEMU must end with a status.
XEN_LINE = "console=com1 com1=115200,8n1 dom0_mem=64M dom0_max_vcpus=2 noreboot"
SYSTEMS = ("lull", "xen", "xen_slop0")
SLOP = {"xen": "", "xen_slop0": "timer_slop=0"}
ONLY_XEN = {"exception_return_call"}

# (figure, what it is). `interrupts` are not instructions.
ROWS = (
    ("hypercall_null_int", "null hypercall, by software interrupt"),
    ("hypercall_null_syscall", "null hypercall, by syscall"),
    ("arm_deadline", "arm a one-shot, absolute: first of the CPU"),
    ("arm_head", "arm a one-shot, relative: first of the CPU"),
    ("rearm_later", "arm later than what is armed"),
    ("clock_read", "read the clock"),
    ("expiry_to_handler_running", "expiry to handler, guest running"),
    ("expiry_to_handler_blocked", "expiry to handler, guest blocked"),
    ("block_wake", "arm, block, wake, handler: all"),
    ("block_wake_one_call", "block with a deadline, wake: all"),
    ("doorbell_pingpong", "doorbell to another, it rings back: all"),
    ("exception_reflect_bp", "#BP to the handler and back"),
    ("exception_return_call", "the same, back by a hypercall"),
    ("interrupts", f"hardware interrupts in {IDLE_S} s, idle"),
)

# What is not measured where: Xen has no 64-bit hypercall by software interrupt, and fires no event within 50 us of its arming
# unless timer_slop is 0, so that the moment at which it halts cannot be found.
UNMEASURED = {"xen": {"hypercall_null_int", "block_wake", "block_wake_one_call"}, "xen_slop0": {"hypercall_null_int"}}


class PeerError(Exception):
    """Xen cannot be had here."""


# ---- Xen ------------------------------------------------------------------------------------------------------------


def run(command, **more):
    """Runs a command; returns (exit status, output)."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, **more)
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    return done.returncode, done.stdout


def fetch(folder):
    """Downloads and unpacks the package, once; returns the path of the hypervisor, an ELF file."""
    image = folder / "xen.elf"
    if image.exists():
        return image
    folder.mkdir(parents=True, exist_ok=True)
    print(f"bench-peers: apt downloads {PACKAGE} to {folder}, and installs nothing", flush=True)
    status, output = run(["apt-get", "-q", "download", PACKAGE], cwd=folder)
    packages = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if status != 0 or not packages:
        raise PeerError(f"{output}apt-get could not download {PACKAGE}. It is in Debian 12; `apt-get update` may help.")
    status, output = run(["dpkg-deb", "-x", str(packages[-1]), str(folder / "package")])
    if status != 0:
        raise PeerError(f"{output}dpkg-deb could not unpack {packages[-1]}")
    packed = folder / "package/boot/xen-4.17-amd64.gz"
    image.write_bytes(gzip.decompress(packed.read_bytes()))
    return image


# ---- Runs -----------------------------------------------------------------------------------------------------------


def boot(iso, log=None):
    """Boots an ISO in virtual time to its end; returns (serial output, problems)."""
    try:
        status, output = run(qemu.command(iso, icount=True, log=log), timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "", [f"{iso} did not end within {TIMEOUT_S} s"]
    return output, [] if status == qemu.EXIT_SUCCESS else [f"{iso}: QEMU ended with status {status}"]


def machine():
    """The words of QEMU's command line, but for the ISO."""
    return " ".join(word for word in qemu.command(__file__, icount=True)[1:] if word not in ("-cdrom", __file__))


def isos(build, xen):
    """Makes the ISOs; returns {(system, "micro" or "idle"): path}."""
    made = {}
    for system in SYSTEMS:
        for what in ("micro", "idle"):
            path = build / f"peers/{system}_{what}.iso"
            words = f"idle_s={IDLE_S}" if what == "idle" else "report=json role=ping"
            if system != "lull":
                line, modules = f"{XEN_LINE} {SLOP[system]}", [(build / "peers/xen_micro.elf", words)]
            elif what == "idle":
                line, modules = "mode=bench exit=debug", [(build / "peers/lull_idle.elf", f"idle -- {words}")]
            else:
                line, modules = mkiso.product_entry(build, "bench")
                line += " exit=debug report=json"
            mkiso.build(path, build / "lull.elf" if system == "lull" else xen, *mkiso.entry(line, modules))
            made[system, what] = path
    return made


def interrupts(log):
    """How many hardware interrupts QEMU's log has between the marks of idle_run.c; ValueError where those are not."""
    count, marks = 0, 0
    for line in log.splitlines():
        if re.match(r"\s*\d+: v=03 ", line):
            marks += 1
        elif marks == 2 and line.startswith("Servicing hardware INT="):
            count += 1
    if marks != 4:
        raise ValueError(f"QEMU's log has {marks} breakpoints, not 4")
    return count


def measure(isos_of, system):
    """Both runs of a system; returns ({"micro": rows, "interrupts": N}, the version that it prints, problems)."""
    output, problems = boot(isos_of[system, "micro"])
    rows, more = bench.parse_lines(output, "@json micro", bench.KEYS, bench.NAMES | ONLY_XEN)
    rows = [row for row in rows if row["name"] in dict(ROWS) and row["name"] not in UNMEASURED.get(system, ())]
    problems += more + missing(system, rows)
    if system != "lull":
        for row in rows:  # nobody counts these in Xen
            row.update(crossings=None, mmio=None, cr3_loads=None)
    iso = isos_of[system, "idle"]
    log = iso.with_suffix(".log")
    output_idle, more = boot(iso, log)
    problems += more
    try:
        found = {"micro": rows, "interrupts": interrupts(log.read_text(errors="replace"))}
    except (OSError, ValueError) as error:
        found = {}
        problems.append(f"{system}, idle: {error}")
    if problems:
        print(output, output_idle, sep="\n")
    version = re.search(r"Xen version (\S+ \(Debian [^)]*\))", output)
    return found, version[1] if version else None, problems


def missing(system, rows):
    """What of ROWS a system's run lacks, as problems."""
    wanted = {name for name, _ in ROWS} - UNMEASURED.get(system, set()) - {"interrupts"}
    wanted -= ONLY_XEN if system == "lull" else set()
    return [f"{system}: no figure {name}" for name in sorted(wanted - {row["name"] for row in rows})]


# ---- Tables -----------------------------------------------------------------------------------------------------------


def cells(found):
    """[(figure, what, Lull, Xen, Xen with timer_slop=0, ratio)], medians."""
    medians = [{**{row["name"]: row["median"] for row in found[system]["micro"]}, "interrupts": found[system]["interrupts"]}
               for system in SYSTEMS]
    made = []
    for name, what in ROWS:
        lull, xen, slop0 = (of.get(name) for of in medians)
        made.append((name, what, lull, xen, slop0, round(slop0 / lull, 1) if lull and slop0 else None))
    return made


def table(found):
    rows = [["instructions, median", "Lull", "Xen", "timer_slop=0", "times Lull"]]
    return figures.align(rows + [list(row[1:]) for row in cells(found)], 1)


def beside(micro, xen):
    """The table of other figures of Lull beside those that were recorded for Xen."""
    return table({**xen, "lull": {"micro": micro, "interrupts": xen["lull"]["interrupts"]}})


def recorded():
    """The figures of Xen that stand in the tree."""
    return figures.read(bench.XEN_RECORD)


def readme_lines(file):
    """For tools/readme.py: the figures of `make bench` beside those that are recorded."""
    return beside(figures.read(file), recorded())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", type=int, default=2, help="machines that run at the same time")
    parser.add_argument("--record", action="store_true", help="also write tests/peers/xen.json, the figures that stand in the tree")
    options = parser.parse_args()
    build = Path(options.build)
    try:
        made = isos(build, fetch(build / "peers"))
    except (PeerError, mkiso.IsoError) as error:
        print(f"bench-peers: {error}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(options.jobs) as pool:
        results = dict(zip(SYSTEMS, pool.map(lambda system: measure(made, system), SYSTEMS)))
    problems = [problem for _, _, more in results.values() for problem in more]
    for problem in problems:
        print(f"bench-peers: FAILED: {problem}", file=sys.stderr)
    if problems:
        return 1
    found = {"idle_s": IDLE_S, **{system: result[0] for system, result in results.items()}}
    about = {**figures.about(unit=figures.INSTRUCTIONS), "xen": results["xen"][1], "xen_line": XEN_LINE,
             "qemu": figures.version("qemu-system-x86_64", "--version"), "machine": machine()}
    columns = ("figure", "what", *SYSTEMS, "ratio")
    folder = figures.write(build / "bench", "peers", [dict(zip(columns, row)) for row in cells(found)], columns, about, found)
    print(f"Xen {about['xen']}; Lull {about['commit']}; QEMU {about['qemu']}", "", *table(found), sep="\n")
    print(f"bench-peers: figures written to {folder}/peers.json and {folder}/peers.csv")
    if options.record:
        figures.write_json(bench.XEN_RECORD, about, {**found, "lull": {"interrupts": found["lull"]["interrupts"]}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
