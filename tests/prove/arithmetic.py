# SPDX-License-Identifier: BSD-2-Clause
"""The proofs of the time arithmetic, by z3, of what clang makes of the real sources (llvm.py).

A proof is a function that runs functions of a module and yields (claim, assumptions, what is claimed); none may have a
counterexample. Its mutations are changes of the source with which one of them must have one.
"""

from dataclasses import dataclass
from pathlib import Path as File

import z3

from llvm import Bits, Integer, Integers, Machine, Path, Pointer, compile_source

ROOT = File(__file__).resolve().parents[2]
WORD = 2**64
STEPS = 20000000
SHIFTS = [42, 59, 63]  # of mult, in nanoseconds to ticks
ALL_SHIFTS = range(42, 64)  # for rates of 1 kHz to 10 GHz


@dataclass
class Proof:
    name: str
    source: str
    claims: object  # a function of the module
    mutations: list  # (what is there, what is put in its place)
    replace: tuple = None  # the same for the proof itself
    uses: tuple = ()  # of a header


def merged(paths):
    """The result of a function without effects, as one term."""
    result = paths[-1].result
    for path in paths[:-1]:
        result = z3.If(z3.And(*path.conditions), path.result, result)
    return result


# ---- hv/shared/lib/timer_wheel.h: timer_wheel_slot_for() -------------------------------------------------------------


def wheel(module):
    """Any base, any expiry."""
    def slot(base, expiry):
        path = Path([], {"wheel": {0: base}})
        return merged(Machine(module).run("timer_wheel_slot_for", [Pointer("wheel"), expiry], path))

    base, a, b, other = z3.BitVecs("base a b other", 64)
    at_a, at_b = slot(base, a), slot(base, b)

    def level(index):
        return z3.LShR(index, 4)
    width = z3.ZeroExt(32, level(at_a) * 4)
    yield "it is one of the 256", [], z3.ULT(at_a, 256)
    yield "what is past is where base is, at level 0", [z3.ULE(a, base)], z3.And(at_a == slot(base, base), z3.ULT(at_a, 16))
    yield "an expiry that is not earlier is in no earlier slot: the first bit is the earliest", [z3.ULE(a, b)], \
        z3.ULE(at_a, at_b)
    yield "above its digit it equals base, and the slot is its digit", [z3.UGE(a, base)], z3.And(
        z3.ULT(z3.LShR(a ^ base, width), 16), z3.ZeroExt(32, at_a & 15) == z3.LShR(a, width) & 15)
    yield "two in one slot of level 0 expire together", [z3.UGE(a, base), z3.UGE(b, base), at_a == at_b, z3.ULT(at_a, 16)], \
        a == b
    moved = [z3.UGT(a, base), z3.UGE(other, a)]
    there, then = slot(base, other), slot(a, other)
    yield "base moves into a slot: what is there goes down by a level at least, so it moves 15 times at most", \
        [*moved, there == at_a, z3.UGE(at_a, 16)], z3.ULT(level(then), level(there))
    yield "what is in another slot stays right", [*moved, there != at_a], then == there


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
    delay, rate = Integer(z3.Int("delay"), 2**60 - 1), Integer(z3.Int("rate"), WORD - 1)
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


# ---- hv/shared/lib/ns_scale.c, ns_scale.h ------------------------------------------------------------------------------


def pointed(name, mult, inverse, shift, inverse_shift):
    return {name: {0: mult, 8: inverse, 16: Integers.const(shift, 8), 17: Integers.const(inverse_shift, 8)}}


def product_order(a, b, factor):
    """Of integers: a <= b and factor >= 0 give a * factor <= b * factor. Proved as a claim of its own."""
    return z3.Implies(z3.And(a <= b, factor >= 0), a * factor <= b * factor)


def to_ns(module):
    """Any scale, any ticks, each of the 64 shifts."""
    a, b, factor = z3.Ints("a b factor")
    yield "the order of products", [], product_order(a, b, factor)
    ticks, later = Integer(z3.Int("ticks"), WORD - 1), Integer(z3.Int("later"), WORD - 1)
    mult = Integer(z3.Int("mult"), WORD - 1)
    words = [z3.And(word.term >= 0, word.term < WORD) for word in (ticks, later, mult)]
    for shift in range(64):
        def run(which):
            paths = Machine(module, Integers).run("ns_scale_to_ns", [Pointer("scale"), which],
                                                  Path(list(words), pointed("scale", mult, mult, shift, 0)))
            return paths, merged_integers(paths)
        paths, result = run(ticks)
        product = ticks.term * mult.term
        yield f"{shift}: rounded down, or saturated", words, z3.If(
            product >= 2 ** (64 + shift), result == WORD - 1,
            z3.And(result * 2**shift <= product, product < (result + 1) * 2**shift))
        yield f"{shift}: monotone", [*words, ticks.term <= later.term, product_order(ticks.term, later.term, mult.term)], \
            result <= run(later)[1]


def merged_integers(paths):
    result = paths[-1].result.term
    for path in paths[:-1]:
        result = z3.If(z3.And(*path.conditions), path.result.term, result)
    return result


def to_ticks(module):
    """Any scale that ns_scale_from_pair() makes, any time below 2^59 ns."""
    ns, mult, inverse = (Integer(z3.Int(name), limit) for name, limit in (
        ("ns", 2**59 - 1), ("mult", 2**63 - 1), ("inverse", 2**63)))
    for shift in SHIFTS:
        for places in range(59, 64):
            one = 2 ** (shift + places)
            scale = [z3.And(ns.term >= 0, ns.term < 2**59, mult.term >= 2**59, mult.term < 2**63, inverse.term >= 1,
                            inverse.term <= 2**63, inverse.term * mult.term >= one, inverse.term * mult.term < one + mult.term)]
            machine = Machine(module, Integers, replaced=("u64_add_sat",), outside=lambda _name, arguments, _path: Integer(
                arguments[0].term + arguments[1].term, WORD))
            paths = machine.run("ns_scale_to_ticks", [Pointer("scale"), ns],
                                Path(list(scale), pointed("scale", mult, inverse, shift, places)))
            for i, path in enumerate(paths):
                ticks = path.calls[-1][1][0].term if path.calls else path.result.term
                exact = ns.term * inverse.term  # ticks * 2^places <= exact < (ticks + 1) * 2^places
                known = [product_order(ticks * 2**places, exact, mult.term),
                         product_order(exact, (ticks + 1) * 2**places - 1, mult.term),
                         product_order(one, inverse.term * mult.term, ns.term),
                         product_order(inverse.term * mult.term, one + mult.term, ns.term),
                         product_order(ns.term, z3.IntVal(2**59), mult.term),
                         product_order(ns.term, z3.IntVal(2**59), inverse.term)]
                first = path.result.term
                yield f"{shift}, {places}, {i}: it is the first tick at which the clock has reached that time", \
                    [*path.conditions, *known], z3.And(first * mult.term >= ns.term * 2**shift,
                                                       (first - 1) * mult.term < ns.term * 2**shift, first < WORD)


def division(module):
    """Any divisor below 2^63, any dividend with a whole part below 2^63: one turn of the loop, and the way in and out."""
    dividend, divisor = (Integer(z3.Int(name), WORD - 1) for name in ("dividend", "divisor"))
    value, remainder = (Integer(z3.Int(name), WORD - 1) for name in ("value", "remainder"))
    shift = Integer(z3.Int("shift"), 255)
    given = [z3.And(dividend.term >= 0, dividend.term < WORD, divisor.term >= 1, divisor.term < 2**63,
                    dividend.term < 2**63 * divisor.term)]
    names = {"%dividend.addr": Pointer("dividend"), "%divisor.addr": Pointer("divisor"), "%bit": Pointer("bit"),
             "%agg.result": Pointer("result")}

    def parts(path):
        cells = path.memory["result"]
        return cells[0].term, cells[8].term, cells[16].term

    machine = Machine(module, Integers)
    for path in machine.run("divide", [Pointer("result"), dividend, divisor], Path(list(given), {"result": {}}),
                            stop="while.cond"):
        v, r, s = parts(path)
        yield "before the first turn", [*path.conditions, product_order(z3.IntVal(2**63), v, divisor.term)], z3.And(
            v * divisor.term + r == dividend.term, v >= 0, v < 2**63, r >= 0, r < divisor.term, s == 0)
    holds = [z3.And(value.term >= 0, value.term < 2**63, remainder.term >= 0, remainder.term < divisor.term,
                    shift.term >= 0, shift.term <= 63)]
    memory = {"dividend": {0: dividend}, "divisor": {0: divisor}, "bit": {},
              "result": {0: value, 8: remainder, 16: shift}}
    for i, path in enumerate(machine.run("divide", [], Path(given + holds, memory), "while.cond", "while.cond", names)):
        v, r, s = parts(path)
        if path.result is None:
            yield f"{i}: it ends with all the places that there are", path.conditions, z3.Or(v >= 2**62, s == 63)
            continue
        yield f"{i}: a turn adds one place", path.conditions, z3.And(s == shift.term + 1, s <= 63)
        yield f"{i}: and keeps the quotient exact", path.conditions, \
            v * divisor.term + r == 2 * (value.term * divisor.term + remainder.term)
        yield f"{i}: and everything in its range", path.conditions, z3.And(r >= 0, r < divisor.term, v >= 0, v < 2**63)


def scale_of_pair(module):
    """Any pair, by what division() has proved of divide(), for each shift that it may come to; 2^places is `power`."""
    ns, ticks = (Integer(z3.Int(name), WORD - 1) for name in ("ns", "ticks"))
    power = z3.Int("power")
    given = [z3.And(word.term >= 0, word.term < WORD) for word in (ns, ticks)]

    def divide(_name, arguments, path):
        result, dividend, divisor = arguments
        second = len(path.calls) == 2
        value, rest = Integer(z3.Int(f"value{second}"), 2**63 - 1), Integer(z3.Int(f"rest{second}"), WORD - 1)
        places = Integers.const(shift, 8) if not second else Integer(z3.Int("places"), 63)
        by = power if second else 2**shift
        path.conditions += [value.term * divisor.term + rest.term == dividend.term * by, value.term >= 0, value.term < 2**63,
                            rest.term >= 0, rest.term < divisor.term]
        full = power == 2**63 if second else z3.BoolVal(shift == 63)
        path.conditions += [z3.Or(value.term >= 2**62, full), power >= 1, power <= 2**63]
        path.memory[result.thing].update({0: value, 8: rest, 16: places})

    for shift in range(64):
        machine = Machine(module, Integers, outside=divide, replaced=("divide",))
        for path in machine.run("ns_scale_from_pair", [Pointer("scale"), ns, ticks], Path(list(given), {"scale": {}})):
            if z3.is_false(path.result):
                continue
            mult, inverse = (path.memory["scale"][at].term for at in (0, 8))
            divisors = [arguments[2].term for _, arguments in path.calls]
            value = z3.Int("valueTrue")
            # What in_range() has let through, and what follows for mult.
            known = [*path.conditions,
                     product_order(ticks.term, 10 * ns.term, mult + 1), product_order((mult + 1) * 10, z3.IntVal(2**shift), ns.term),
                     product_order(z3.IntVal(10**6 * 2**shift + 1), mult, ticks.term),
                     product_order(z3.IntVal(2**62), value, mult)]
            yield f"{shift}: the divisors are in the range of divide()", known, z3.And(
                *[z3.And(divisor >= 1, divisor < 2**63) for divisor in divisors])
            yield f"{shift}: mult has 60 bits", known, z3.And(mult >= 2**59, mult < 2**63, shift >= 42)
            yield f"{shift}: the inverse is rounded up, by less than one", known, z3.And(
                inverse * mult >= 2**shift * power, inverse * mult < 2**shift * power + mult, inverse >= 1, inverse <= 2**63)
            yield f"{shift}: and has 59 places at least", known, power > 2**58


PROOFS = [
    Proof("the wheel's slots", "hv/shared/lib/timer_wheel.h", wheel, [
        ("(key_ns ^ base_ns) | 1", "key_ns | 1"),
        ("& ~(TIMER_WHEEL_DIGIT_BITS - 1)", ""),
        ("expiry_ns > base_ns ? expiry_ns : base_ns", "expiry_ns"),
        ("(uint32_t)(key_ns >> shift)", "(uint32_t)((key_ns - base_ns) >> shift)")], uses=("timer_wheel_slot_for",)),
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
    Proof("ticks to nanoseconds", "hv/shared/lib/ns_scale.h", to_ns, [
        ("(uint64_t)(product >> 64) >> shift != 0, 0))\n        return UINT64_MAX;\n    return",
         "false, 0))\n        return UINT64_MAX;\n    return"),
        ("return (uint64_t)(product >> shift);", "return (uint64_t)(product >> shift) + 1;")], uses=("ns_scale_to_ns",)),
    Proof("nanoseconds to ticks", "hv/shared/lib/ns_scale.h", to_ticks, [
        ("(uint64_t)(product >> shift);\n\n", "(uint64_t)(product >> shift) - 1;\n\n"),
        ("return u64_add_sat(ticks, ns_scale_to_ns(scale, ticks) < ns);", "return u64_add_sat(ticks, 0);")],
        uses=("ns_scale_to_ticks",)),
    Proof("the making of a scale", "hv/shared/lib/ns_scale.c", scale_of_pair, [
        ("inverse.value + (inverse.remainder != 0)", "inverse.value")]),
    Proof("the division that makes a scale", "hv/shared/lib/ns_scale.c", division, [
        ("result.remainder * 2 >= divisor;", "result.remainder * 2 > divisor;"),
        ("MULT_LIMIT / 2 && result.shift < SHIFT_MAX", "MULT_LIMIT && result.shift < SHIFT_MAX")]),
]


def linear(fact, products):
    """The fact with each product of unknowns as an unknown of its own: what cannot be so, cannot be with products."""
    pairs, worklist, seen = [], [fact], set()
    while worklist:
        term = worklist.pop()
        if term.get_id() in seen:
            continue
        seen.add(term.get_id())
        worklist += term.children()
        factors = [factor for factor in term.children() if not z3.is_int_value(factor)]
        if z3.is_mul(term) and len(factors) > 1:
            key = tuple(sorted(factor.get_id() for factor in factors))
            products.setdefault(key, (z3.Int(f"product!{len(products)}"), factors))
            number = [factor for factor in term.children() if z3.is_int_value(factor)]
            pairs.append((term, z3.Product(*number, products[key][0])))
    return z3.substitute(fact, *pairs) if pairs else fact


def refute(assumptions, claim):
    """sat: there is a counterexample. The limit is one of z3's steps, so the answer does not depend on the machine."""
    facts = [*assumptions, *Integers.facts, z3.Not(claim)]
    for abstract in (True, False):
        solver = z3.Solver()
        solver.set("rlimit", STEPS)
        if abstract:
            products = {}
            facts_now = [linear(z3.simplify(fact, som=True), products) for fact in facts]
            if not products:
                continue
        else:
            facts_now = facts
        solver.add(*facts_now)
        answer = solver.check()
        if answer == z3.unsat or not abstract:
            return answer
    return z3.unknown


def check(proof, mutation=None):
    """Number of claims that hold, and the first that does not, with z3's answer."""
    Integers.facts.clear()
    Integers.quotients.clear()
    changes = [change for change in (proof.replace, mutation) if change is not None]
    module = compile_source(ROOT / proof.source, changes, proof.uses)
    held = 0
    for name, assumptions, claim in proof.claims(module):
        answer = refute(assumptions, claim)
        if answer != z3.unsat:
            return held, (name, answer)
        held += 1
    return held, None


def prove(proof):
    held, failed = check(proof)
    return failed is None and held > 0, f"{held} claims" + (f", then {failed[1]}: {failed[0]}" if failed else "")


def mutate(proof, mutation):
    _, failed = check(proof, mutation)
    return failed is not None and failed[1] == z3.sat, "found: " + failed[0] if failed else "not found"
