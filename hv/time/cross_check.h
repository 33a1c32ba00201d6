// SPDX-License-Identifier: BSD-2-Clause
// The clock held against a second counter, for as long as the machine runs.
//
// The model: a look reads both together, the reference between two reads of the clock. The difference of what has
// passed since the start by the one and by the other is what the clock has drifted. It cannot be more than the error
// that calibration published, over the time that has passed, and the uncertainty of the two looks at its ends:
//
//   clock      ...|--- a reference tick, half the distance of its two reads ---|...
//
// Looks may lie any time apart, so they ride on what happens anyway (a CPU that goes to sleep, time/sleep.h; the
// monitor) and none needs a timer. A reference of 24 or 32 bits
// goes round many times between two: how many times, the clock itself tells, as long as it has not drifted by half a
// round since the last look (2.3 s, the PM timer's 24 bits: a fortnight at 2 ppm).
//
// What is published is the error of the clock against the reference at any time, not only at a look:
//
//   error(now) = error_ns + error_ppb * (now - checked_ns)      error_ns: |drift| of the last look, and its uncertainty
//
// so it grows with every second in which nobody looks, and shrinks at the next look. Where a look finds more than that,
// a counter is broken (a TSC that stepped, an HPET that stands still in deep sleep): this is said once and counted.
//
// Example: TSC against a 32-bit HPET of 100 MHz, error 2501 ppb, a look after an hour: the counter has gone round 83
// times and stands 35,432,932 ticks further than at the start; the clock expected 35,432,932, so the drift is 0; the
// bound is 9 ms.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dev/clock_source.h"

struct cross_check {
    const char *reference;
    uint64_t elapsed_ns; // by the clock, since cross_check_init()
    int64_t ahead_ns;    // how far the clock has run ahead of the reference in this time
    uint64_t bound_ns;   // farther, either way, and one of the two is broken
};

// The clock's error against the reference; the ABI's time page shows it to guests.
struct clock_error {
    uint64_t checked_ns; // the clock at the last look
    uint64_t error_ns;   // at most so far off then
    uint64_t error_ppb;  // and off by so many more nanoseconds for each second since
};

// Start, with the clock running. `error_ppb` bounds the error of the clock's rate against this reference, null where
// there is none to look at: then the error grows for ever. Boot, interrupts off.
void cross_check_init(struct clock_source *reference, uint64_t error_ppb);

// Look. False where there is no reference. Any CPU, interrupts off; some microseconds.
bool cross_check_look(struct cross_check *out);

// The error as of the last look, and at `now_ns`, which is not before it.
struct clock_error cross_check_error(void);
uint64_t cross_check_error_ns(uint64_t now_ns);

// Looks that have found more than was possible.
uint64_t cross_check_violations(void);
