// SPDX-License-Identifier: BSD-2-Clause
// How one figure is sampled: the part of the micro-benchmark that knows no hypervisor. Beside the guests the bare kernel of
// tests/floor is built of it, so that both measure by the same code.
//
// A sample is an operation between two readings of the TSC. Each comes after a random pause, so that no sample sits at the
// same phase of anything, and the cost of an empty pair of readings is taken off.
#pragma once

#include <stdint.h>

// The sample of an operation that is over when it returns: a function sample_OPERATION(). Needs clock.h.
#define MICRO_TIMED(operation)               \
    static uint64_t sample_##operation(void) \
    {                                        \
        uint64_t start_tsc = clock_tsc();    \
        operation();                         \
        return clock_tsc() - start_tsc;      \
    }

struct micro_sample_result {
    uint64_t min, median, p99, max; // TSC ticks
};

// The fewest ticks of a pair of readings with nothing between them.
uint64_t micro_sample_empty(void);

// What a tick of the TSC is: "instructions" where some thousands of instructions take exactly as many ticks (QEMU with
// -icount shift=0), "emulated ticks" in QEMU's emulator without that, "TSC cycles" on a CPU, under KVM too.
const char *micro_sample_unit(void);

// Takes `rounds` samples, each behind prepare().
void micro_sample_take(uint64_t *samples, uint64_t rounds, uint64_t empty_ticks, void (*prepare)(void),
                       uint64_t (*sample)(void));

// Sorts them, which takes its time, and says what they are.
void micro_sample_sum_up(uint64_t *samples, uint64_t rounds, struct micro_sample_result *result);

// Finds the shortest delay that an operation still sleeps through. `excess` arms an event `delay` ahead, sleeps until it
// has come, and returns the ticks beyond the delay: those before the delay counts and those behind the event, as long as
// the CPU sleeps before the event comes, and more where it comes sooner. Above the others by more than `tolerance` ticks
// means sooner. The result is a delay: what the CPU executes from arming until it sleeps.
uint64_t micro_sample_calibrate(uint64_t (*excess)(uint64_t delay), uint64_t tolerance);
