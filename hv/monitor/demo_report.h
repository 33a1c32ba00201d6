// SPDX-License-Identifier: BSD-2-Clause
// What the demonstration measured, as a table, as JSON, and as a verdict.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "monitor/figures.h"

enum demo_phase { DEMO_STATIC, DEMO_TICKLESS, DEMO_PHASES };

struct demo_result {
    struct figures figures; // of the measured time
    struct histogram lateness;
};

// Writes the table, two columns, and the line that ends it.
void demo_report_table(const struct demo_result results[DEMO_PHASES]);

// Writes one line `@json PHASE {...}` for each phase.
void demo_report_json(const struct demo_result results[DEMO_PHASES]);

// True where the run proves the claim; otherwise says what does not hold. `guests`: how many there must be;
// `may_be_silent`: the tickless phase needs no timer interrupt.
bool demo_report_verdict(const struct demo_result results[DEMO_PHASES], uint32_t guests, bool may_be_silent);
