// SPDX-License-Identifier: BSD-2-Clause
// The self-test of the timer queue on the real hardware timer.
#pragma once

// Arms, moves and cancels timers, also in the past; some milliseconds later reports that exactly the right ones came,
// in order and none early, and calls selftest_next(). Interrupts off.
void selftest_timers_start(void);
