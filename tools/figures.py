# SPDX-License-Identifier: BSD-2-Clause
"""What the tools of `make bench` share: they boot an ISO, judge what it prints, and write the figures.

A file of figures is {"about": {...}, "figures": ...}: `about` says what was measured with what, and when; two runs of one
build under -icount differ in its date and in nothing else.
"""

import csv
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import qemu

INSTRUCTIONS = "instructions"

# What the unit of a file promises.
UNITS = {
    INSTRUCTIONS: "counted by QEMU's emulator under -icount: exact, the same on every machine, and no cycles of any CPU",
    "emulated ticks": "the clock of QEMU's emulator in real time: this says how fast the emulator is, and nothing about any CPU",
    "TSC cycles": "the time stamp counter's, whose rate is fixed: the core's own clock differs where it saves power or hurries; "
                  "under KVM the host's interrupts are in the figures too",
}


def add_options(parser, files):
    """Adds what all of them take. `files` says what comes into the output folder."""
    parser.add_argument("--output", default="build/bench", help=f"folder for {files}")
    parser.add_argument("--real-time", action="store_true", help="without -icount, as ACCEL=kvm always is")
    qemu.add_options(parser)


def virtual(options):
    """Whether time is to be virtual: in the emulator, unless the options say otherwise."""
    return options.accel == "tcg" and not getattr(options, "real_time", False)


def unit(options):
    """What a tick of the TSC is, for a machine that these options make."""
    if virtual(options):
        return INSTRUCTIONS
    return "TSC cycles" if options.accel == "kvm" else "emulated ticks"


def boot(iso, options, timeout_s, **more):
    """Boots an ISO to its end, in virtual time unless the options say otherwise; returns (serial output, problems).

    `options` are those of add_options(), `more` those of qemu.command(). Raises ValueError as qemu.command() does.
    """
    options.icount = virtual(options)
    return qemu.run(qemu.from_options(iso, options, **more), timeout_s)


def main(tool, options, timeout_s, parse, publish):
    """Boots options.iso and publishes its figures; returns the tool's exit status: 0, or 1 if there are problems, or 2
    if it cannot start.

    `parse` makes (figures, problems) of the serial output; `publish` gets the figures, where there is no problem.
    """
    try:
        output, problems = boot(options.iso, options, timeout_s)
        found, more = parse(output)
    except ValueError as error:
        print(f"{tool}: {error}", file=sys.stderr)
        return 2
    return finish(tool, output, problems + more, lambda: publish(found))


def finish(tool, output, problems, publish):
    """Publishes, or shows the output and the problems; returns the tool's exit status, 0 or 1."""
    if problems:
        print(output)
        for problem in problems:
            print(f"{tool}: FAILED: {problem}", file=sys.stderr)
        return 1
    publish()
    return 0


def version(*command):
    """The first version number that the command prints; null where there is no such command."""
    try:
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found[0] if found else None


def host_cpu():
    """The model of the CPU that this runs on."""
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"),
                          re.MULTILINE)
    except OSError:
        return None
    return found[1] if found else None


def about(options=None, unit=None, cpu=None):
    """What was measured with what. `options`: of add_options(), where QEMU ran; `unit`: of the
    figures; `cpu`: what the machine says of its CPU."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit or None,
              "gcc": version("x86_64-linux-gnu-gcc", "--version"), "nasm": version("nasm", "--version"),
              "host_cpu": host_cpu()}
    if options is not None:
        line = qemu.from_options(__file__, options)  # of an ISO it needs to exist, no more
        result["qemu"] = version("qemu-system-x86_64", "--version")
        result["machine"] = " ".join(word for word in line[1:] if word not in ("-cdrom", __file__))
    if cpu is not None:
        result["cpu"] = cpu
    if unit is not None:
        result["unit"] = unit
        result["unit_is"] = UNITS[unit]
    return result


def write_json(path, what, figures):
    path.write_text(json.dumps({"about": what, "figures": figures}, indent=2) + "\n", encoding="utf-8")


def read(path):
    """The figures of a file that write_json() made, or that was made before there was an `about`."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return found["figures"] if isinstance(found, dict) and "about" in found else found


def write(folder, name, rows, columns, what, figures=None):
    """Writes NAME.csv with these rows, and NAME.json with them or with `figures`; returns the folder as a Path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{name}.json", what, figures or rows)
    with open(folder / f"{name}.csv", "w", encoding="ascii", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def align(rows, decimals=0):
    """Lines of the cells of `rows`, the first column to the left. None is a dash."""
    rows = [["-" if cell is None else f"{cell:.{decimals}f}" if isinstance(cell, float) else str(cell) for cell in row]
            for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.rjust(width) if i else text.ljust(width)
                      for i, (text, width) in enumerate(zip(row, widths))) for row in rows]


# ---- Plots ------------------------------------------------------------------------------------------------------------
#
# Drawn for light, with these colours for background, grid, frame and words; where the reader's system wants it dark, a style
# sheet in the picture gives them others. The data's own colours read well on both.

HEAD = 'set terminal svg size {size} font "sans-serif,13" background "#ffffff" dashlength 0.6 name "{name}"\n' \
       'set output "{output}"\nset border 3 linecolor rgb "#444444"\nset grid linecolor rgb "#dddddd"\nset tics nomirror\n'
BLUE, RED, GREEN, PINK, GREY, YELLOW = "#3a8fc8", "#d55e00", "#009e73", "#cc79a7", "#888888", "#d99a00"

DARK = """<style>
@media (prefers-color-scheme: dark) {
  rect[fill="#ffffff"] { fill: #16181d }
  text { fill: #e4e6ea }
  [color="black"] { color: #b4b8c0 }
  [stroke="rgb( 68,  68,  68)"] { stroke: #b4b8c0 }
  [stroke="rgb(221, 221, 221)"] { stroke: #3a3e46 }
}
</style>
"""


def darken(svg):
    """Adds the style sheet behind the picture's first tag."""
    end = svg.index(">", svg.index("<svg")) + 1
    return svg[:end] + "\n" + DARK + svg[end:]


def plot(script, output, size="1000,460"):
    """Lets gnuplot draw into the file `output`."""
    head = HEAD.format(size=size, name=Path(output).stem, output=output)
    subprocess.run(["gnuplot"], input=head + script, text=True, check=True)
    Path(output).write_text(darken(Path(output).read_text(encoding="utf-8")), encoding="utf-8")
