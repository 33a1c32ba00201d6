#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the proofs and their mutations, some at a time, and ends with `prove: N passed, N failed`.

A proof passes when all its claims hold. A mutation passes when it is found out: when a claim has a counterexample with
it. One that is not found, or for which nothing can be said, has failed, and so has whatever stops.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import arithmetic
import chips
import models
import proof

PROOFS = [*arithmetic.PROOFS, *chips.PROOFS]


def jobs(long):
    """Each: is it a proof, its name, the function and its arguments."""
    yield from models.jobs(long)
    for number, one in enumerate(PROOFS):
        yield True, one.name, prove_arithmetic, (number,)
        for which, _ in enumerate(one.mutations):
            yield False, f"{one.name}, mutation {which + 1}", mutate_arithmetic, (number, which)


def prove_arithmetic(_folder, number):
    return proof.prove(PROOFS[number])


def mutate_arithmetic(_folder, number, which):
    return proof.mutate(PROOFS[number], PROOFS[number].mutations[which])


def run(function, folder, arguments):
    started = time.monotonic()
    try:
        verdict, text = function(folder, *arguments)
    except Exception as error:  # whatever it is, this proof has failed and the others go on
        verdict, text = False, f"{type(error).__name__}: {error}"
    return verdict, text, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", help="folder for the models' searches")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--long", action="store_true", help="everything that takes minutes, too")
    parser.add_argument("words", nargs="*", help="only what has one of these in its name")
    options = parser.parse_args()
    if options.long:
        arithmetic.SHIFTS = arithmetic.ALL_SHIFTS
    folder = Path(options.build).resolve() / "prove"
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = {}
        for is_proof, name, function, arguments in jobs(options.long):
            if not options.words or any(word in name for word in options.words):
                waiting[pool.submit(run, function, folder, arguments)] = (is_proof, name)
        for future in as_completed(waiting):
            is_proof, name = waiting[future]
            verdict, text, passed_s = future.result()
            counts[is_proof, verdict] += 1
            kind = "proof   " if is_proof else "mutation"
            print(f"prove: {kind} {'ok' if verdict else 'FAILED'}: {name}: {text} ({passed_s:.0f} s)", flush=True)
    passed = counts[True, True] + counts[False, True]
    failed = counts[True, False] + counts[False, False]
    print(f"prove: {counts[True, True]} proofs hold, {counts[False, True]} mutations are found out")
    print(f"prove: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
