// SPDX-License-Identifier: BSD-2-Clause
// The arming mode: what slack saves in wake-ups, and what arming without a trap saves in traps.
//
// Two series of runs, each with guests of its own:
//
//   slack   a hundred guests, each with one periodic timer of a length and phase of its own, without slack and
//           with slacks of 1 % and 10 % of the period. From run to run only the length of the windows differs
//   traps   one guest, in each way of arming (guest/README.md): eight threads that ask a second guest, with a
//           time-out that mostly comes to nothing (work=timeouts); and three threads that sleep (work=demo). It
//           counts its timers and traps itself, and the hypervisor counts all its traps
//
//   @json arming_guest {"period_ns": ..., "first_ns": ...}       the windows, after the measured time began
//   @json arming {"run": "slack 1 %", "hardware_interrupts": ...}
//   @json traps {"work": "timeouts", "way": "arm=call", "hypercalls": ...}
//   arming: @json timers {...}                                   what the guest of that line has printed
//
// Guests come from the module named `guest`, whose mem= is theirs.
#pragma once

#include "core/boot_info.h"

// Begins; goes on by timers and ends in monitor_finish(): success means that every guest lived through its run and no
// timer event was early. Interrupts off.
void arming_start(const struct boot_info *info);
