// SPDX-License-Identifier: BSD-2-Clause
// The curve: what time costs with 1, 10, 100, ... guests.
//
// For each number of guests there are four populations, made anew for each and destroyed behind it:
//
//   idle     every guest waits for ever
//   far      every guest has an event armed that is minutes away
//   steady   every guest has a periodic event; together 1000 events a second, whatever the number
//   growing  every guest has ten events a second, so the load grows with the number
//
// A population is made, settles until all guests have gone to sleep, and is measured from a moment when nothing is due;
// the phases of `steady` and `growing` begin behind that moment, so no sample needs to be thrown away. The two silent
// ones are measured over a shorter and a longer time, and the point is the difference: what ends a measured time costs
// the same in both, so what remains is what the guests cost.
//
// Then, in `far` and `steady`, one guest makes room for the micro-benchmark, which runs beside the others:
//
//   @json curve {"series": "far", "guests": 1000, ...}
//   curve: micro beside far 1000
//   curve: @json micro {"name": "arm_head", ...}          its lines, to the next line of another kind
//
// Guests come from the module named `guest` (its mem= is theirs, and its arguments come first), the micro-benchmark
// from the module named `micro`, which may be missing.
#pragma once

#include "core/boot_info.h"
#include "core/boot_line.h"

// Begins; goes on by timers and ends in monitor_finish(): success means that every guest lived through its series, no
// timer event was early, each micro-benchmark ended with 0, and all memory came back. Interrupts off.
void curve_start(const struct boot_info *info, const struct boot_options *options);
