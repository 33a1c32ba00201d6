# SPDX-License-Identifier: BSD-2-Clause
"""What a word of the machine is as a term for z3: a bit vector (`Bits`); or an integer (`Integers`) together with the range
that is known of it, which wraps only where it may.
"""

from dataclasses import dataclass

import z3


class Bits:
    """Words are bit vectors, a bit is a truth value."""

    @staticmethod
    def const(value, width):
        return z3.BoolVal(value & 1) if width == 1 else z3.BitVecVal(value, width)

    @staticmethod
    def fresh(name, width):
        return z3.Bool(name) if width == 1 else z3.BitVec(name, width)

    @staticmethod
    def binary(op, a, b, _width):
        operations = {"add": lambda: a + b, "sub": lambda: a - b, "mul": lambda: a * b, "and": lambda: a & b,
                      "or": lambda: a | b, "xor": lambda: a ^ b, "shl": lambda: a << b, "lshr": lambda: z3.LShR(a, b),
                      "ashr": lambda: a >> b, "udiv": lambda: z3.UDiv(a, b), "urem": lambda: z3.URem(a, b)}
        return z3.simplify(operations[op]())

    @staticmethod
    def compare(op, a, b, _width):
        operations = {"eq": lambda: a == b, "ne": lambda: a != b, "ult": lambda: z3.ULT(a, b),
                      "ule": lambda: z3.ULE(a, b), "ugt": lambda: z3.UGT(a, b), "uge": lambda: z3.UGE(a, b),
                      "slt": lambda: a < b, "sle": lambda: a <= b, "sgt": lambda: a > b, "sge": lambda: a >= b}
        return z3.simplify(operations[op]())

    @staticmethod
    def cast(op, a, source, target):
        if source == 1:
            return z3.If(a, Bits.const(-1 if op == "sext" else 1, target), Bits.const(0, target))
        if op == "trunc":
            return z3.simplify(z3.Extract(0, 0, a) == 1 if target == 1 else z3.Extract(target - 1, 0, a))
        return z3.simplify((z3.SignExt if op == "sext" else z3.ZeroExt)(target - source, a))

    @staticmethod
    def value(a):
        a = z3.simplify(a)
        return a.as_long() if z3.is_bv_value(a) else None

    @staticmethod
    def leading_zeros(a, width):
        result = z3.BitVecVal(width, width)
        for bit in range(width):
            result = z3.If(z3.Extract(bit, bit, a) == 1, z3.BitVecVal(width - 1 - bit, width), result)
        return result


@dataclass(frozen=True)
class Integer:
    """An unsigned word as an integer, at most `limit`."""
    term: z3.ArithRef
    limit: int


class Integers(Bits):
    """Words are integers, wrapped where they might not fit. A quotient is an unknown; `facts` are what is known of it."""

    facts, quotients = [], {}

    @staticmethod
    def divide(a, b):
        key = (a.term.get_id(), b.term.get_id())
        if key not in Integers.quotients:
            quotient, rest = z3.Int(f"quotient!{len(Integers.quotients)}"), z3.Int(f"rest!{len(Integers.quotients)}")
            Integers.facts += [z3.Implies(b.term > 0, z3.And(quotient * b.term + rest == a.term, quotient >= 0, rest >= 0,
                                                             rest < b.term))]
            Integers.quotients[key] = (quotient, rest, a.term, b.term)
        return Integers.quotients[key][:2]

    @staticmethod
    def const(value, width):
        return z3.BoolVal(value & 1) if width == 1 else Integer(z3.IntVal(value % 2**width), value % 2**width)

    @staticmethod
    def fresh(name, width):
        return z3.Bool(name) if width == 1 else Integer(z3.Int(name), 2**width - 1)

    @staticmethod
    def wrap(term, limit, width):
        return Integer(term, limit) if limit < 2**width else Integer(term % 2**width, 2**width - 1)

    @staticmethod
    def binary(op, a, b, width):
        if width == 1:
            return {"xor": z3.Xor(a, b), "and": z3.And(a, b), "or": z3.Or(a, b)}[op]
        known, by = Integers.value(a), Integers.value(b)
        if op == "add":
            return Integers.wrap(a.term + b.term, a.limit + b.limit, width)
        if op == "sub":
            return Integer((a.term - b.term) % 2**width, 2**width - 1)
        if op == "mul":
            return Integers.wrap(a.term * b.term, a.limit * b.limit, width)
        if op == "shl" and by is not None:
            return Integers.wrap(a.term * 2**by, a.limit * 2**by, width)
        if op == "lshr" and by is not None:
            return Integer(a.term / 2**by, a.limit // 2**by)
        if op == "and" and known is not None and by is not None:
            return Integers.const(known & by, width)
        if op in ("udiv", "urem"):
            quotient, rest = Integers.divide(a, b)
            return Integer(quotient, a.limit) if op == "udiv" else Integer(rest, b.limit)
        raise NotImplementedError(f"{op} of integers")

    @staticmethod
    def compare(op, a, b, width):
        if width == 1:
            return {"eq": a == b, "ne": a != b}[op]
        x, y = a.term, b.term
        if op[0] == "s" and max(a.limit, b.limit) >= 2 ** (width - 1):
            raise NotImplementedError(f"{op} of integers")
        return z3.simplify({"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y,
                            "ge": x >= y}[op.lstrip("us") if op not in ("eq", "ne") else op])

    @staticmethod
    def cast(op, a, source, target):
        if source == 1:
            return Integer(z3.If(a, z3.IntVal(1), z3.IntVal(0)), 1) if op == "zext" else NotImplemented
        if op == "trunc":
            return a.term % 2 == 1 if target == 1 else Integers.wrap(a.term, a.limit, target)
        if op == "sext" and a.limit >= 2 ** (source - 1):
            raise NotImplementedError("sext of integers")
        return a

    @staticmethod
    def value(a):
        term = z3.simplify(a.term)
        return term.as_long() if z3.is_int_value(term) else None
