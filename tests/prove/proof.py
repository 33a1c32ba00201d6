# SPDX-License-Identifier: BSD-2-Clause
"""What a proof is, and how z3 is asked.

A proof is a function that runs functions of a module (llvm.py) and yields (claim, assumptions, what is claimed); none may
have a counterexample. Its mutations are changes of the source with which one of them must have one.
"""

from dataclasses import dataclass
from pathlib import Path

import z3

from llvm import compile_source
from words import Integers

ROOT = Path(__file__).resolve().parents[2]
STEPS = 20000000


@dataclass
class Proof:
    name: str
    source: str
    claims: object  # a function of the module
    mutations: list  # (what is there, what is put in its place)
    replace: tuple = None  # the same for the proof itself
    uses: tuple = ()  # of a header


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
