// SPDX-License-Identifier: BSD-2-Clause
// The soak mode: the same work for a very long time, to see whether anything is lost, drifts or leaks.
//
// A round makes the guests of one module, of the next one each time. They arm what they like and end by themselves;
// with work=random bits=40 that is timers from nanoseconds to 18 minutes. When the last one has ended, all must have
// exited with 0 (a guest that saw an early event does not; one whose wake-up is lost never ends), their memory and
// timers must have come back, the wheel must be sound, and the clock must agree with the other counter within the
// published bound. Rounds follow each other until soak_hours= of the machine's time have passed; each says one line,
// and the last line is the verdict.
//
//   soak: round 3: 12000 events, latest 3071 ns; clock 0 ns ahead of hpet after 21655 s, bound 54161241 ns
#pragma once

#include "core/boot_info.h"
#include "core/boot_line.h"

// Begins; goes on by timers and ends in monitor_finish(). Interrupts off.
void soak_start(const struct boot_info *info, const struct boot_options *options);
