// SPDX-License-Identifier: BSD-2-Clause
// The demonstration: the same guests with the same work, first ticking at 1000 Hz, then tickless.
//
// For each phase: make the guests, let them settle, sample the counters, let the machine run, sample again. Then the
// difference of the two phases is the table. The guests of the second phase stay, for the monitor to look at.
//
// Arguments on the module's line (`guest count=10 mem=1M -- hz=100 work=idle`) change both phases, but for the tick
// of the second, which stays none.
//
//   demo: phase static begins        the tools read these marks, see tools/README.md
//   demo: phase static ends
//   ...
//   demo: end of table
#pragma once

#include "core/boot_info.h"
#include "core/boot_line.h"

// Begins; goes on by timers and ends in monitor_finish(): success means that every guest lived through both phases,
// no timer event was early, both phases had timer interrupts, and the tickless one had fewer; with arguments of the
// module's own, which may ask for no work at all, the tickless phase may have none. Interrupts off.
void demo_start(const struct boot_info *info, const struct boot_options *options);
