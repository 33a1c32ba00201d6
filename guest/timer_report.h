// SPDX-License-Identifier: BSD-2-Clause
// What the timers of a guest did in a measured time, and the traps that it took, printed as a line of JSON.
#pragma once

// With report=DURATION, makes a thread that counts from start= on the clock on (now, unless given), for so long, and prints
//
//   @json timers {"arms": ..., "cancels": ..., "expiries": ..., "set_clockevent": ..., "set_deadline": ..., ...}
//
// Its own two timers are among them. From the start of the guest, before the idle loop.
void timer_report_start(void);
