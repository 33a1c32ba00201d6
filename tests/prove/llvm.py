# SPDX-License-Identifier: BSD-2-Clause
"""Runs functions of the real sources on unknown arguments: what clang makes of them, unoptimised, as terms for z3.

A run follows every path that is possible under the assumptions, and yields for each its condition, its result, its
memory, and what was called outside (`Path`). What a word is, words.py says. Whatever is not understood stops the proof.
"""

import re
import subprocess
from dataclasses import dataclass, field

import z3

from words import Bits, Integer, Integers

FLAGS = ("--target=x86_64-linux-gnu -std=gnu11 -ffreestanding -mgeneral-regs-only -fno-pic -mcmodel=kernel -O0 -S "
         "-emit-llvm -fno-discard-value-names -Wno-pragma-once-outside-header -Ihv -Ihv/shared -x c -o - -").split()


def compile_source(path, changes=(), uses=()):
    """The text of a source, with passages replaced by others for a mutation, as LLVM's assembly. `uses`: functions of a
    header that nothing else would make clang write out."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{path}: {old!r} is there {text.count(old)} times, not once")
        text = text.replace(old, new)
    text += "".join(f"\nconst void *const use_of_{name} = (const void *){name};" for name in uses)
    done = subprocess.run(["clang", *FLAGS, "-I", str(path.parent)], input=text, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise ValueError(f"{path}: {done.stderr}")
    return Module(done.stdout)


class Module:
    """The types, constants and functions of one compiled source."""

    def __init__(self, text):
        self.types = dict(re.findall(r"^(%[\w.]+) = type (.*)$", text, re.MULTILINE))
        self.constants = dict(re.findall(r"^(@[\w.]+) = .*?(?:constant|global) (.*?)(?:, align \d+)?$", text, re.MULTILINE))
        self.functions = {}
        for match in re.finditer(r"^define [^@]*(@[\w.]+)\(([^\n]*)\)[^()\n]*\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            parameters = re.findall(r"(%[\w.]+)(?:,|$)", match.group(2))
            blocks, label = {}, None
            for line in match.group(3).splitlines():
                line = re.sub(r"\s*;.*$", "", line).strip()
                line = re.sub(r", !.*$", "", line)
                if re.fullmatch(r"[\w.]+:", line):
                    label = line[:-1]
                    blocks[label] = []
                elif line:
                    blocks[label].append(line)
            self.functions[match.group(1)[1:]] = (parameters, blocks)

    @staticmethod
    def split(text):
        """Splits at the commas that are in no bracket."""
        parts, depth, start = [], 0, 0
        for i, char in enumerate(text):
            depth += char in "([{<"
            depth -= char in ")]}>"
            if char == "," and depth == 0:
                parts.append(text[start:i].strip())
                start = i + 1
        return [*parts, text[start:].strip()] if text.strip() else []

    def fields(self, kind):
        kind = self.types.get(kind, kind)
        return self.split(kind.strip("{} ")) if kind.startswith("{") else None

    def layout(self, kind):
        """Size and alignment in bytes."""
        if kind.endswith("*"):
            return 8, 8
        if match := re.fullmatch(r"i(\d+)", kind):
            size = max(1, int(match.group(1)) // 8)
            return size, min(size, 8) if size != 16 else 8
        if match := re.fullmatch(r"\[(\d+) x (.*)\]", kind):
            size, align = self.layout(match.group(2))
            return int(match.group(1)) * size, align
        offset, align = 0, 1
        for part in self.fields(kind):
            size, its = self.layout(part)
            offset = -(-offset // its) * its + size
            align = max(align, its)
        return -(-offset // align) * align, align

    def offset(self, kind, index):
        """Of a field of a structure, and its type."""
        offset = 0
        for i, part in enumerate(self.fields(kind)):
            size, align = self.layout(part)
            offset = -(-offset // align) * align
            if i == index:
                return offset, part
            offset += size
        raise IndexError(kind)


@dataclass
class Pointer:
    thing: str
    offset: int = 0
    index: object = None  # an unknown element of a constant array of bytes


@dataclass
class Path:
    """One way through a function."""
    conditions: list
    memory: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)  # (function, arguments) of what is outside
    result: object = None
    panics: bool = False

    def fork(self, condition):
        return Path([*self.conditions, condition], {thing: dict(cells) for thing, cells in self.memory.items()},
                    list(self.calls))


class Machine:
    """Runs functions of a module. `outside(name, arguments, path)` answers for those in `replaced`."""

    def __init__(self, module, words=Bits, outside=None, replaced=(), steps=20000):
        self.module, self.words, self.outside, self.replaced = module, words, outside, replaced
        self.steps, self.things = steps, 0

    def fresh(self, name, width):
        self.things += 1
        return self.words.fresh(f"{name}!{self.things}", width)

    def possible(self, conditions):
        """Whether a path is worth following. Of integers that is not asked: the claims have the path's conditions."""
        if self.words is Integers:
            return True
        solver = z3.Solver()
        solver.set("rlimit", 10000000)
        solver.add(*conditions)
        return solver.check() != z3.unsat

    def run(self, name, arguments, path, start="entry", stop=None, values=None):
        """All paths through a function, from `path` on; or from the block `start` on, until `stop` is next."""
        parameters, blocks = self.module.functions[name]
        done, worklist = [], [(path, start, None, 0, {**dict(zip(parameters, arguments)), **(values or {})})]
        while worklist:
            self.follow(blocks, worklist, done, stop, *worklist.pop())
        return done

    def follow(self, blocks, worklist, done, stop, path, label, before, line_number, values):
        """One path to its end, which goes into `done`, or to where it forks, which is left in `worklist`."""
        while True:
            if before is not None and label == stop and line_number == 0:
                path.result = stop
                done.append(path)
                return
            self.steps -= 1
            if self.steps < 0:
                raise RuntimeError("this does not end")
            line = blocks[label][line_number]
            line_number += 1
            target, text = re.fullmatch(r"(?:(%[\w.]+) = )?(.*)", line).groups()
            if text == "unreachable":
                path.panics = True
                done.append(path)
                return
            if text.startswith("ret"):
                match = re.fullmatch(r"ret (\S+) (.*)", text)
                path.result = self.operand(values, path, *match.groups()) if match else None
                done.append(path)
                return
            if text.startswith("br"):
                choice = re.fullmatch(r"br i1 (\S+), label %(\S+), label %(\S+)", text)
                if choice is None:
                    before, label = label, re.fullmatch(r"br label %(\S+)", text).group(1)
                    line_number = 0
                    continue
                condition = z3.simplify(self.operand(values, path, "i1", choice.group(1)))
                ways = [(condition, choice.group(2)), (z3.simplify(z3.Not(condition)), choice.group(3))]
                for way, there in ways:
                    if not z3.is_false(way) and (z3.is_true(way) or self.possible([*path.conditions, way])):
                        worklist.append((path.fork(way), there, label, 0, dict(values)))
                return
            if text.startswith(("call", "tail call")):
                results = self.call(values, path, text)
                done += [other for other, _ in results if other.panics]
                for other, value in results:
                    if not other.panics:
                        worklist.append((other, label, before, line_number, {**values, target: value}))
                return
            if text.startswith("phi"):
                kind, choices = re.fullmatch(r"phi (\S+) (.*)", text).groups()
                chosen = dict((there, what) for what, there in re.findall(r"\[ (\S+), %(\S+) \]", choices))
                values[target] = self.operand(values, path, kind, chosen[before])
                continue
            self.plain(values, path, target, text)

    # ---- Instructions --------------------------------------------------------------------------------------------

    def plain(self, values, path, target, text):
        word, rest = text.split(" ", 1)
        if word == "alloca":
            self.things += 1
            values[target] = Pointer(f"{target}!{self.things}")
            path.memory[values[target].thing] = {}
        elif word == "load":
            kind, source = re.fullmatch(r"(?:volatile )?(.*?), (.*)", rest).groups()
            pointer = self.typed(values, path, re.sub(r", align \d+$", "", source))
            values[target] = self.load(path, pointer, kind)
        elif word == "store":
            what, where = self.module.split(re.sub(r", align \d+$", "", rest.removeprefix("volatile ")))
            pointer = self.typed(values, path, where)
            path.memory[pointer.thing][pointer.offset] = self.typed(values, path, what)
        elif word == "getelementptr":
            values[target] = self.element(values, path, rest.removeprefix("inbounds "))
        elif word == "bitcast":
            values[target] = self.typed(values, path, rest.rsplit(" to ", 1)[0])
        elif word in ("zext", "sext", "trunc"):
            source, what, kind = re.fullmatch(r"(\S+) (\S+) to (\S+)", rest).groups()
            values[target] = self.words.cast(word, self.operand(values, path, source, what), int(source[1:]), int(kind[1:]))
        elif word == "icmp":
            op, kind, a, b = re.fullmatch(r"(\w+) (\S+) (\S+), (\S+)", rest).groups()
            a, b = self.operand(values, path, kind, a), self.operand(values, path, kind, b)
            if isinstance(a, Pointer) or isinstance(b, Pointer) or a is None or b is None:
                values[target] = z3.BoolVal((a == b) == (op == "eq"))
            else:
                values[target] = self.words.compare(op, a, b, int(kind[1:]))
        elif word == "select":
            condition, yes, no = (self.typed(values, path, part) for part in self.module.split(rest))
            values[target] = self.choose(condition, yes, no)
        else:
            rest = re.sub(r"^((nuw|nsw|exact) )*", "", rest)
            kind, a, b = re.fullmatch(r"(i\d+) (\S+), (\S+)", rest).groups()
            a, b = self.operand(values, path, kind, a), self.operand(values, path, kind, b)
            if kind == "i1" and word == "xor":
                values[target] = z3.simplify(z3.Xor(a, b))
            else:
                values[target] = self.words.binary(word, a, b, int(kind[1:]))

    @staticmethod
    def choose(condition, yes, no):
        if isinstance(yes, Integer):
            return Integer(z3.If(condition, yes.term, no.term), max(yes.limit, no.limit))
        return z3.If(condition, yes, no)

    def typed(self, values, path, text):
        """An operand with its type in front: `i64 noundef %x`."""
        text = re.sub(r"\b(noundef|zeroext|signext|nonnull|noalias|align \d+|sret\([^)]*\)) ?", "", text)
        match = re.fullmatch(r"(.*?[\w*\]}]) ([%@\w.-]+|getelementptr .*|bitcast .*)", text)
        return self.operand(values, path, *match.groups())

    def operand(self, values, path, kind, text):
        if text.startswith("%"):
            return values[text]
        if text.startswith("@"):
            return self.of_global(path, text)
        if text.startswith(("getelementptr", "bitcast")):
            inside = re.fullmatch(r"(?:getelementptr|bitcast) (?:inbounds )?\((.*)\)", text).group(1)
            if text.startswith("bitcast"):
                return self.typed(values, path, inside.rsplit(" to ", 1)[0])
            return self.element(values, path, inside)
        if text in ("null", "undef"):
            return None
        value = {"true": 1, "false": 0}.get(text)
        return self.words.const(int(text) if value is None else value, int(kind[1:]))

    def of_global(self, path, name):
        if name not in path.memory:
            path.memory[name] = {}
            text = self.module.constants.get(name, "")
            if match := re.fullmatch(r'\[\d+ x i8\] c"(.*)"', text):
                escapes = re.findall(r"\\([0-9A-F]{2})|(.)", match.group(1))
                for i, (code, char) in enumerate(escapes):
                    path.memory[name][i] = self.words.const(int(code, 16) if code else ord(char), 8)
        return Pointer(name)

    def element(self, values, path, text):
        kind, pointer, *indices = self.module.split(text)
        pointer = self.typed(values, path, pointer)
        offset, unknown = pointer.offset, pointer.index
        for i, index in enumerate(indices):
            index = self.typed(values, path, index)
            number = self.words.value(index)
            if i != 0 and (match := re.fullmatch(r"\[\d+ x (.*)\]", self.module.types.get(kind, kind))):
                kind = match.group(1)
            elif i != 0:
                moved, kind = self.module.offset(kind, number)
                offset += moved
                continue
            if number is None:
                unknown = index
                continue
            number -= 2**64 if number >= 2**63 else 0
            offset += number * self.module.layout(kind)[0]
        return Pointer(pointer.thing, offset, unknown)

    def load(self, path, pointer, kind):
        cells = path.memory[pointer.thing]
        if pointer.index is not None:  # a constant array of bytes
            result = self.fresh("outside", 8)
            for i, cell in cells.items():
                result = z3.If(pointer.index == i, cell, result)
            return result
        if pointer.offset not in cells:
            if kind.endswith("*"):
                cells[pointer.offset] = None
            else:
                cells[pointer.offset] = self.fresh(f"{pointer.thing}+{pointer.offset}", int(kind[1:]))
        return cells[pointer.offset]

    # ---- Calls ---------------------------------------------------------------------------------------------------

    def call(self, values, path, text):
        """The paths through what is called, with what each returns."""
        match = re.fullmatch(r"(?:tail )?call (?:zeroext |signext )*(.*?) (?:\(.*?\) )?([%@][\w.]+)\((.*)\)[^)]*", text)
        name = match.group(2)
        if name.startswith("%"):
            name = values[name].thing
        name = name[1:]
        arguments = [self.typed(values, path, part) for part in self.module.split(match.group(3))
                     if not part.startswith("metadata")]
        if name.startswith("llvm.memset"):
            path.memory[arguments[0].thing].update(
                {arguments[0].offset + i: self.words.const(0, 8) for i in range(self.words.value(arguments[2]))})
            return [(path, None)]
        if name.startswith("llvm.memcpy"):
            to, source, size = arguments[0], arguments[1], self.words.value(arguments[2])
            path.memory[to.thing].update({to.offset + at - source.offset: cell for at, cell in path.memory[source.thing].items()
                                          if source.offset <= at < source.offset + size})
            return [(path, None)]
        if name.startswith("llvm.ctlz"):
            return [(path, self.words.leading_zeros(arguments[0], 64))]
        if name == "panic":
            path.panics = True
            return [(path, None)]
        if name in self.module.functions and name not in self.replaced:
            return [(done, done.result) for done in self.run(name, arguments, path)]
        if name not in self.replaced:
            raise NotImplementedError(f"a call of {name}")
        path.calls.append((name, arguments))
        return [(path, self.outside(name, arguments, path) if self.outside else None)]
