// SPDX-License-Identifier: BSD-2-Clause
// The fuzz mode: hostile guests, made again and again with the next seed, beside honest ones.
//
// A module without expect= is hostile: each guest of it is made with a seed of its own (`seed=` behind its arguments)
// and tries as many operations as it lives for (tests/guests/fuzz.c); however it ends, the next one takes its place.
// Nothing that it does is wrong, but two things: an exit with FUZZ_FOUND, by which it says that it got through
// (lib/fuzz_record.h), and a wrong account of its time or timers. A module with expect=exit:0 is honest: its guests
// check themselves, and begin again when they have exited with 0; any other end is the hypervisor's failure. So is a
// panic, whose text names the seeds.
//
// The operations are counted by the hostile guests, in their pages; a life whose count is destroyed counts none. When
// fuzz_ops= of them are done, or fuzz_lives= lives have ended, the hostile guests are stopped, the honest ones end
// their turn, and memory, timers and clock must be as they were. With fuzz_show=deaths each end is told with its
// registers and last operations: the same seed and machine, under icount, give the same.
//
//   fuzz: 1000000 operations, 1432 lives (seeds 1 to 1432): 702 exited, 728 killed, 2 stopped, 5 without a count
//   fuzz: killed: bad-stack 402, bad-upcall 301, exception-pf 25
//   fuzz: honest: 214 turns, 98213 events, late by median 1200 p99 61000 max 93211 ns
//   fuzz: success
#pragma once

#include "core/boot_info.h"
#include "core/boot_line.h"

// Begins; goes on by timers and ends in monitor_finish(). Interrupts off.
void fuzz_start(const struct boot_info *info, const struct boot_options *options);
