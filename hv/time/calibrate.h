// SPDX-License-Identifier: BSD-2-Clause
// Measures counters of unknown rate against one of known rate.
//
// The model: a measurement is two marks, some 20 ms apart, and each mark pairs one tick of the reference with a span of
// the target's count in which that tick began:
//
//   target     t0    t1    t2    t3         read in turn with the reference
//   reference     99    99    100           the tick to 100 began between t1 and t3
//
// The reference's count is exact at such an edge, so the only uncertainty is the span. Each mark is taken several times
// and the one with the narrowest span kept, so an interruption (SMI, NMI, a preempted emulator) in one of them does
// no harm. An interruption between the marks does none either, because what counts is the reference time that
// really passed, not the time that was meant to pass. From the two marks follow the lowest and the
// highest frequency that are possible; the result is their middle and the bound is half their distance.
//
// Worked example: HPET 100 MHz, spans of 50 ns at both ends, 20 ms apart, target 1 GHz: bounds 1 GHz +- 2.5 ppm. Every
// multiple of 1 MHz within the bounds is as good as the middle, as far as the measurement can tell, and crystals
// are made for round numbers: so 1 GHz exactly is taken, and ticks convert to nanoseconds without rounding.
//
// All loops are bounded by a number of reads: a counter that stands still is found out and named, never waited for.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dev/clock_source.h"

// Measure `count` targets (at most CALIBRATE_TARGETS_MAX) against the first of `reference_count` references that works.
// Sets frequency_hz and error_ppb of each target; a target that does not count keeps frequency_hz 0 and is named in the
// log, as is every reference that failed. Returns the reference used; NULL where none works: then no frequency is set.
// Takes about 20 ms of reference time. Boot, interrupts off.
#define CALIBRATE_TARGETS_MAX 4u
struct clock_source *calibrate(struct clock_source *const *references, size_t reference_count,
                               struct clock_source *const *targets, size_t count);

// The chip itself states its rate: take that instead of the measured one, which carries the measurement's
// error, where the two agree to within the measurement's bound and what two crystals may differ. Sets frequency_hz and
// error_ppb (the distance from the reference at most). With nothing measured (frequency_hz 0) there is no check, and
// the log says so. stated_hz 0: nothing is stated. True: taken.
bool calibrate_confirm(struct clock_source *source, uint64_t stated_hz);
