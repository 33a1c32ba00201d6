// SPDX-License-Identifier: BSD-2-Clause
// What the fuzz mode counts and tells. Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdint.h>

#include "lib/histogram.h"

#define FUZZ_REASONS_MAX 32u

struct fuzz_record;
struct guest;

struct fuzz_figures {
    uint64_t operations; // of lives that have ended
    uint64_t lives, exited, killed, stopped;
    uint64_t lost; // lives without a valid count; their operations are not in `operations`
    struct {
        char word[24];
        uint64_t count;
    } reasons[FUZZ_REASONS_MAX]; // of the kills
    uint64_t turns;              // of honest guests
    struct histogram lateness;   // of honest guests' events
};

// Counts a hostile guest that has ended. `record` is where it left it, null if its memory is gone.
void fuzz_count_life(struct fuzz_figures *figures, const struct guest *guest,
                     const struct fuzz_record *record, uint64_t seed, uint64_t limit);

// Prints how it ended and its last operations, the oldest first.
void fuzz_report_life(const struct guest *guest, const struct fuzz_record *record, uint64_t seed,
                      uint64_t limit);

// Prints all figures, for people and as a @json line.
void fuzz_report(const struct fuzz_figures *figures);
