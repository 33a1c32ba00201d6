# SPDX-License-Identifier: BSD-2-Clause
"""The proofs of what the drivers of the LAPIC timer and the HPET write into their chips."""

import z3

from llvm import Machine, Path, Pointer
from proof import Proof
from words import Bits, Integer, Integers

# ---- hv/dev/lapic_timer.c --------------------------------------------------------------------------------------------

INITIAL, DIVIDE = 0x380, 0x3E0
COUNT_MAX = 2**32 - 1
MAX_TICKS = (COUNT_MAX - 3) << 7


def lapic_timer(module, words, **fields):
    offsets = ("event", "rate", "ratio", "undivided_max", "divide", "vector", "scale")
    return {"timer": {module.offset("%struct.lapic_timer", offsets.index(name))[0]: value for name, value in fields.items()}}


def divided(module):
    """Any number of ticks that the timer says it can do, whatever divider was set last."""
    ticks, held = z3.BitVec("ticks", 64), z3.BitVec("held", 32)
    memory = lapic_timer(module, Bits, divide=held, undivided_max=z3.If(held == 0, z3.BitVecVal(COUNT_MAX, 64), 0))
    before = [z3.ULE(held, 7), z3.ULE(ticks, MAX_TICKS + 3), z3.UGT(ticks, 0)]
    codes = [0b1011, 0b0000, 0b0001, 0b0010, 0b0011, 0b1000, 0b1001, 0b1010]  # Intel SDM vol. 3A, figure 10-10
    paths = Machine(module, replaced=("lapic_write",)).run("arm_divided", [Pointer("timer"), ticks], Path(before, memory))
    place = module.offset("%struct.lapic_timer", 4)[0]
    for i, path in enumerate(paths):
        yield f"{i}: no assertion fails", path.conditions, z3.BoolVal(not path.panics)
        if path.panics:
            continue
        writes = [(arguments[0].as_long(), arguments[1]) for _, arguments in path.calls]
        shift, count = path.memory["timer"][place], z3.ZeroExt(32, writes[-1][1])
        by = z3.ZeroExt(32, shift)
        yield f"{i}: the count is written last, and not 0", path.conditions, z3.And(writes[-1][0] == INITIAL, count != 0)
        yield f"{i}: never early, though the first divided tick may come at once", path.conditions, \
            z3.If(shift == 0, count == ticks, z3.UGE((count - 1) << by, ticks))
        yield f"{i}: at most three divided ticks late", path.conditions, \
            z3.ULE(count << by, ticks + z3.If(shift == 0, z3.BitVecVal(0, 64), z3.BitVecVal(3, 64) << by))
        yield f"{i}: undivided where it fits", path.conditions, z3.Implies(z3.ULE(ticks, COUNT_MAX), shift == 0)
        if len(writes) == 3:
            code = z3.Or(*[z3.And(shift == n, writes[1][1] == codes[n]) for n in range(8)])
            yield f"{i}: a new divider: stopped first, and its code", path.conditions, \
                z3.And(writes[0][0] == INITIAL, writes[0][1] == 0, writes[1][0] == DIVIDE, code)
        else:
            yield f"{i}: the divider is the one that is held", path.conditions, z3.And(len(writes) == 1, shift == held)


def lapic_arm(module):
    """Any delay below 2^60 ns, any rate."""
    delay, rate = Integer(z3.Int("delay"), 2**60 - 1), Integer(z3.Int("rate"), 2**64 - 1)
    memory = lapic_timer(module, Integers, rate=rate, undivided_max=Integers.const(COUNT_MAX, 64))
    before = [delay.term >= 0, delay.term < 2**60, rate.term >= 0, rate.term < 2**64]
    machine = Machine(module, Integers, replaced=("arm_divided", "lapic_write_xapic"))
    for i, path in enumerate(machine.run("arm_xapic", [Pointer("timer"), delay], Path(before, memory))):
        name, arguments = path.calls[-1]
        ticks = arguments[1].term
        yield f"{i}: the ticks are the delay times the rate, rounded up, and one for the tick that is partly over", \
            path.conditions, z3.And((ticks - 1) * 2**60 >= delay.term * rate.term,
                                    (ticks - 2) * 2**60 < delay.term * rate.term, ticks >= 1)
        yield f"{i}: {name}", path.conditions, (ticks <= COUNT_MAX) == (name == "lapic_write_xapic")


# ---- hv/dev/hpet.c ---------------------------------------------------------------------------------------------------

LATCH_TICKS = 8
READS = 3


class Hpet:
    """A counter that goes on by unknown steps from one reading to the next, and what is written."""

    def __init__(self, wide):
        self.count, self.wide = 0, wide
        self.start, self.ticks = z3.BitVec("start", 64), z3.BitVec("ticks", 64)

    def times(self, path):
        return [arguments[-1] for name, arguments in path.calls if name == "time"]

    def outside(self, name, arguments, path):
        if name == "ns_scale_to_ticks":
            return self.ticks
        if name in ("get", "read_wide"):
            self.count += 1
            before = ([self.start] + self.times(path))[-1]
            now = z3.BitVec(f"now!{self.count}", 64)
            path.conditions += [z3.UGE(now, before), z3.ULE(now - self.start, 2**31 - 1), z3.ULT(self.start, 2**62)]
            path.calls.append(("time", [now]))
            if name == "read_wide":
                return now
            return z3.Extract(63, 32, now) if arguments[0].as_long() == 0xF4 else z3.Extract(31, 0, now)
        return None


def hpet(module, function, most):
    world = Hpet(function == "arm_far")
    comparator = {module.offset("%struct.comparator", i)[0]: value for i, value in enumerate(
        (None, z3.BitVec("index", 32), z3.BitVec("route", 32), z3.BitVec("config", 32), z3.BitVec("vector", 8),
         z3.BitVec("has_64bit", 8))) if value is not None}
    # Only what the code writes into them: a truth value, and the bits of a configuration.
    before = [z3.ULE(world.ticks, most), z3.ULE(z3.BitVec("has_64bit", 8), 1)]
    machine = Machine(module, outside=world.outside,
                      replaced=("get", "set", "configure", "lapic_send_self", "ns_scale_to_ticks", "arm_far")
                      if function == "arm" else ("get", "set", "configure", "lapic_send_self", "read_wide"))
    second = world.ticks if function == "arm_far" else z3.BitVec("delay", 64)
    paths = machine.run(function, [Pointer("comparator"), second], Path(before, {"comparator": comparator, "@hpet": {}}))
    for i, path in enumerate(paths):
        times, names = world.times(path), [name for name, _ in path.calls]
        if "arm_far" in names:
            yield f"{i}: only what the lower half cannot do is left to both", path.conditions, z3.Or(
                z3.UGT(world.ticks, 0x7FFF0000), comparator_has(comparator, module) != 0)
            continue
        target = times[0] + world.ticks + (1 if function == "arm_far" else z3.If(world.ticks != 0, z3.BitVecVal(1, 64), 0))
        written = [arguments[1] for name, arguments in path.calls if name == "set"]
        yield f"{i}: the target is written", path.conditions, z3.And(
            written[0] == z3.Extract(31, 0, target), *[word == z3.Extract(63, 32, target) for word in written[1:]])
        behind = names.index("time", len(names) - 1 - names[::-1].index("set")) if "time" in names[
            len(names) - 1 - names[::-1].index("set"):] else None
        yield f"{i}: the counter is read behind the last write", path.conditions, z3.BoolVal(behind is not None)
        left = target - times[-1]
        if "lapic_send_self" in names:
            if len(times) < READS + 1:
                yield f"{i}: interrupted by itself, it is not early", path.conditions, left <= 0
        else:
            yield f"{i}: else the target was more than {LATCH_TICKS} ticks ahead when the comparator held it", \
                path.conditions, left > LATCH_TICKS


def comparator_has(comparator, module):
    return comparator[module.offset("%struct.comparator", 5)[0]]


def hpet_near(module):
    """Any delay, any counter, and whatever time passes between any two accesses, up to 2^31 ticks in all."""
    return hpet(module, "arm", 2**63)


def hpet_far(module):
    """Any delay up to MAX_FAR_TICKS, with the same counter."""
    return hpet(module, "arm_far", 2**52)


def hpet_read(module):
    """Two halves of a counter of 64 bits, and whatever time passes between the accesses, up to 2^31 ticks in all."""
    world = Hpet(False)
    machine = Machine(module, outside=world.outside, replaced=("get",))
    for i, path in enumerate(machine.run("read_wide", [Pointer("source")], Path([], {"source": {}, "@hpet": {}}))):
        times = world.times(path)
        yield f"{i}: what is read was the count between the first access and the last", path.conditions, z3.And(
            z3.UGE(path.result, times[0]), z3.ULE(path.result, times[-1]))


PROOFS = [
    Proof("the LAPIC timer's dividers", "hv/dev/lapic_timer.c", divided, [
        ("divide += (ticks >> divide) + 2 > COUNT_MAX;", ""),
        ("count = (ticks >> divide) + 2;", "count = (ticks >> divide) + 1;"),
        ("bits_highest(ticks) - COUNT_BITS + 1 : 0;", "bits_highest(ticks) - COUNT_BITS : 0;"),
        ("LAPIC_TIMER_DIVIDE_16, LAPIC_TIMER_DIVIDE_32,", "LAPIC_TIMER_DIVIDE_32, LAPIC_TIMER_DIVIDE_16,")]),
    Proof("the LAPIC timer's ticks", "hv/dev/lapic_timer.c", lapic_arm, [
        (" + ((uint64_t)product != 0);", ";"),
        ("    ticks++;\n    set_count", "    set_count")]),
    Proof("the HPET's near targets", "hv/dev/hpet.c", hpet_near, [
        ("+ (ticks != 0);", ";"),
        ("if (left > (int32_t)LATCH_TICKS)", "if (left > 0)"),
        ("    set(HPET_TIMER_COMPARE(this->index), target);\n    configure(this, near | HPET_TIMER_INTERRUPT);\n"
         "    check_near(this, target);",
         "    check_near(this, target);\n    set(HPET_TIMER_COMPARE(this->index), target);"),
        ("ticks > MAX_TICKS || (", "(")], ("10000u", f"{READS}u")),
    Proof("the HPET's far targets", "hv/dev/hpet.c", hpet_far, [
        ("(uint32_t)(target >> 32)", "(uint32_t)(target >> 31)"),
        ("else if (left <= MAX_TICKS)", "else if (left <= 0)"),
        ("+ ticks + 1;\n    set", "+ ticks;\n    set")], ("10000u", f"{READS}u")),
    Proof("the HPET's halves", "hv/dev/hpet.c", hpet_read, [
        ("    if (again != high)\n        low = get(HPET_COUNTER_LOW);\n", ""),
        ("return (uint64_t)again << 32 | low;", "return (uint64_t)high << 32 | low;")]),
]
