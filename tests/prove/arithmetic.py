# SPDX-License-Identifier: BSD-2-Clause
"""The proofs of the library's time arithmetic: the slots of the timer wheel, ticks and nanoseconds."""

import z3

from llvm import Machine, Path, Pointer
from proof import Proof
from words import Integer, Integers

WORD = 2**64
SHIFTS = [42, 59, 63]  # of mult, in nanoseconds to ticks
ALL_SHIFTS = range(42, 64)  # for rates of 1 kHz to 10 GHz


# ---- hv/shared/lib/timer_wheel.h: timer_wheel_slot_for() -------------------------------------------------------------


def merged(paths):
    """The result of a function without effects, as one term."""
    result = paths[-1].result
    for path in paths[:-1]:
        result = z3.If(z3.And(*path.conditions), path.result, result)
    return result


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


# ---- hv/shared/lib/ns_scale.c, ns_scale.h ------------------------------------------------------------------------------


def pointed(name, mult, inverse, shift, inverse_shift):
    return {name: {0: mult, 8: inverse, 16: Integers.const(shift, 8), 17: Integers.const(inverse_shift, 8)}}


def product_order(a, b, factor):
    """Of integers: a <= b and factor >= 0 give a * factor <= b * factor. Proved as a claim of its own."""
    return z3.Implies(z3.And(a <= b, factor >= 0), a * factor <= b * factor)


def merged_integers(paths):
    result = paths[-1].result.term
    for path in paths[:-1]:
        result = z3.If(z3.And(*path.conditions), path.result.term, result)
    return result


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
