# SPDX-License-Identifier: BSD-2-Clause
"""The few figures of the benchmark suite that README.md shows, of those that accuracy.py, boot_time.py and rates.py wrote."""

GUESTS = 100
TICK = "1000"


def lines(accuracy, boot, rates):
    """As lines: what, and how much."""
    return [*delay_lines(accuracy), *boot_lines(boot), *rate_lines(rates)]


def delay_lines(rows):
    late = [row[key] for row in rows for key in ("late_min_ns", "late_max_ns")]
    return [row_of("a delay of 1 us to 10 s, asked for by one call, is late by",
                   f"{min(late)} to {max(late)} ns; early: {sum(row['early'] for row in rows)} of {sum(row['n'] for row in rows)}")]


def boot_lines(rows):
    us = {row["part"]: row["us"] for row in rows}
    return [row_of("from the loader to the first instruction of a guest",
                   f"{us['all'] / 1000:.1f} ms, {us['clock'] / 1000:.1f} of them measuring clocks")]


def rate_lines(rows):
    found = {(row["work"], row["tick"]): row for row in rows if row["guests"] == GUESTS}
    result = []
    for work, tick, words in (("idle", TICK, f"{GUESTS} idle guests, each with {TICK} Hz"), ("idle", "none", "the same, tickless"),
                              ("demo", TICK, f"{GUESTS} guests with some work, each with {TICK} Hz"),
                              ("demo", "none", "the same, tickless")):
        row = found[work, tick]
        result.append(row_of(words, f"{row['exits_per_s']:.0f} exits/s, {row['hw_irqs_per_s']:.0f} hardware interrupts/s, "
                                    f"{row['hypervisor_share'] * 100:.2f} % of the CPU for the hypervisor"))
    return result


def row_of(what, how_much):
    return f"{what:60}{how_much}"
