// SPDX-License-Identifier: BSD-2-Clause
// One point of the curve: what was measured, and its line.
#pragma once

#include <stdint.h>

#include "lib/histogram.h"
#include "monitor/figures.h"

struct curve_point {
    const char *series;
    uint32_t guests;
    uint64_t guest_pages;   // that each guest takes for itself
    struct figures figures; // of the measured time
    struct histogram lateness;
};

// Writes one line `@json curve {...}`; tools/README.md has the keys.
void curve_report_point(const struct curve_point *point);
