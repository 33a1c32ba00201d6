// SPDX-License-Identifier: BSD-2-Clause
// How the micro-benchmark measures: work=micro and work=calls.
//
// The model. A figure is an operation, timed `n` times (micro_sample.h). Then it runs some more times between two
// HCALL_COUNTERS calls, for what an instruction count cannot show: ring crossings, device accesses, address-space
// switches. `prepare` is part of neither.
//
// Each figure is a row of a table, or with report=json one line of output that begins with "@json micro". Where every
// instruction is one tick the unit is "instructions", and the figures are the same in every run (micro_sample_unit()).
#pragma once

#include <stdint.h>

#include "clock.h"
#include "micro_sample.h"

#include <abi/lull.h>

#ifndef MICRO_SAMPLES_MAX
#define MICRO_SAMPLES_MAX 2000u // of a figure, and so many more runs to count
#endif
#define MICRO_COUNT_ROUNDS 64u

struct micro_figure {
    const char *name;
    void (*prepare)(void);
    void (*operation)(void);  // to be counted
    uint64_t (*sample)(void); // to be timed: returns ticks, with those of an empty pair
};

// What came of it, and the sums over MICRO_COUNT_ROUNDS runs.
struct micro_result {
    struct micro_sample_result ticks;
    struct lull_counters sum;
};

// Reads n= (500 samples unless given) and report=. Before all that follows.
void micro_measure_init(void);

// Samples of each figure.
uint64_t micro_measure_rounds(void);

// Finds the unit and what an empty pair of readings costs; returns that. Interrupts off, as for the next.
uint64_t micro_measure_start(void);

// Measures a figure, and shuts the clock event down.
void micro_measure(const struct micro_figure *figure, struct micro_result *result);

// Prints what was measured on: the CPU, the rate of its TSC, the unit. Behind micro_measure_start().
void micro_measure_print_cpu(void);

// Print the head of the table, if it has one, and the row of a figure.
void micro_measure_print_head(void);
void micro_measure_print(const struct micro_figure *figure, const struct micro_result *result);
