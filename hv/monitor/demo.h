// SPDX-License-Identifier: BSD-2-Clause
// The demonstration: the same guests with the same work, first ticking at 1000 Hz, then tickless.
//
// For each phase: make the guests, let them settle, sample the counters, let the machine run, sample again. Then the
// difference of the two phases is the table. The guests of the second phase stay, for the monitor to look at.
//
//   demo: phase static begins        the tools read these marks, see tools/README.md
//   demo: phase static ends
//   ...
//   demo: end of table
#pragma once

#include "core/boot_info.h"
#include "core/boot_line.h"

// Begins; goes on by timers and ends in monitor_finish(): success means that every guest lived through both phases,
// no timer event was early, both phases had timer interrupts, and the tickless one had fewer. Interrupts off.
void demo_start(const struct boot_info *info, const struct boot_options *options);
