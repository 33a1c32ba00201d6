# SPDX-License-Identifier: BSD-2-Clause
"""The proofs of wakeup.pml: each model is searched to the end, and each mutation of it must be found out."""

import re
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("wakeup.pml").resolve()
TIME_LIMIT_S = 900
DEPTH = 3000000

# What is searched: the name, what it is, its definitions.
MODELS = {
    "one": ("a CPU with a timer and a guest that does everything, and another CPU that rings", ["PEER", "TIMERS"]),
    "two": ("two CPUs whose guests ring each other", []),
    "crowd": ("a CPU with two guests, and another CPU that rings both", ["PEER", "SHARED_CPU"]),
}
# Too long for every day.
LONG_MODELS = {
    "two timed": ("two CPUs whose guests ring each other; that of CPU 1 has a timer", ["TIMERS"]),
}

# What the code must not do: the definition, and the model that finds it out.
MUTATIONS = {
    "DROP_HALT_LOOK": "one",  # HCALL_HALT waits whatever is pending
    "DROP_BLOCK_LOOK": "one",  # HCALL_BLOCK does
    "HOLD_ONLY_FOR_BLOCK": "one",  # HCALL_HALT holds what the guest has stored only where it waits
    "DROP_BEFORE_BLOCK": "one",  # nor does it then
    "DROP_ENABLE_LOOK": "one",  # the guest enables and does not look
    "DROP_RETURN_LOOK": "one",  # nor at the end of a handler
    "DROP_TRAP_DELIVER": "one",  # what a trap has made pending is not delivered at its end
    "DROP_WISH_LATER": "one",  # a deadline that was moved later without a trap is forgotten
    "DROP_PROGRAM_NEXT": "one",  # the hardware is not set behind an expiry
    "PEND_AFTER_LOOK": "one",  # a bit is set behind the look at whether somebody waits for it
    "MAIL_BEFORE_PEND": "one",  # the same from another CPU
    "CLEAR_AFTER_LOOK": "one",  # the owner looks at what is pending before it can be sent again
    "KICK_BEFORE_MAIL": "one",  # the interrupt is sent before the mail is there
    "DROP_KICK": "one",  # or never
    "HALT_AFTER_ENABLE": "one",  # an interrupt between sti and hlt is served, and the CPU halts nevertheless
}


def search(folder, defines, optimisation, options):
    """Builds the verifier and runs it; returns what it says."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["spin", *[f"-D{define}" for define in defines], "-a", str(SOURCE)], cwd=folder, check=True,
                   capture_output=True, text=True)
    subprocess.run(["gcc", optimisation, "-w", "-DNOCLAIM", "-DCOLLAPSE", *options, "-o", "pan", "pan.c"], cwd=folder,
                   check=True, capture_output=True, text=True)
    run = ["./pan", f"-m{DEPTH}", "-n", *(["-l"] if "-DNP" in options else [])]
    return subprocess.run(run, cwd=folder, check=False, capture_output=True, text=True, timeout=TIME_LIMIT_S).stdout


def states(text):
    match = re.search(r"^\s*(\d+) states, stored", text, re.MULTILINE)
    return int(match.group(1)) if match else 0


def complete(text):
    """The whole state space was seen, and nothing was found."""
    return "errors: 0" in text and "Search not completed" not in text and "too small" not in text and states(text) > 0


def prove(folder, name, model, options, what):
    """One proof: (verdict, sentence)."""
    text = search(folder / name.replace(" ", "-") / options[0], model[1], "-O1", options)
    return complete(text), f"{model[0]}: {what}: {states(text)} states"


def mutate(folder, define):
    """One mutation: (it was found out, sentence)."""
    text = search(folder / define, [*MODELS[MUTATIONS[define]][1], define], "-O0", ["-DSAFETY"])
    return "errors: 1" in text and "pan:1: assertion violated" in text, f"{states(text)} states until it is found"


def jobs(long):
    """All of it: is it a proof, its name, the function and its arguments behind the folder."""
    for name, model in {**MODELS, **(LONG_MODELS if long else {})}.items():
        yield True, f"wakeup, {name}", prove, (name, model, ["-DSAFETY"], "nobody waits for what has come")
    if long:
        for name in ("one", "two"):
            yield True, f"wakeup, {name}, for ever", prove, (name, MODELS[name], ["-DNP"],
                                                              "nothing goes round without a guest or a doorbell")
    for define in MUTATIONS:
        yield False, f"wakeup, {define}", mutate, (define,)
