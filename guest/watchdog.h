// SPDX-License-Identifier: BSD-2-Clause
// The watchdog, `watchdog=DURATION`: a guest whose threads keep the CPU for so long that the idle thread has not had it is
// taken to hang, and the hypervisor ends it (HCALL_WATCHDOG).
//
// The model: the idle thread feeds it, before it waits. A guest that comes to idle once in each DURATION lives; one
// that does not is ended not before DURATION and at the latest twice that from its last time there, because it is fed
// for twice DURATION, and again only when half of that is gone.
//
// A guest that waits does nothing wrong, so it is never woken to feed: before a wait beyond what it was fed for it is
// switched off, and on again before a thread has the CPU. So it adds no event to any guest, and no trap to a guest that waits for
// less than DURATION at a time but one for each DURATION; for longer, two for each wait.
//
// Example, watchdog=100ms: fed at 0 until 200. The guest wants to wait until 90: it may, as 100 ms are left then. Until 130:
// it is fed at 100, say, until 300. Until 900, at 140: it is switched off, and at 900 fed until 1100.
//
// What it does not see: threads that all wait, for each other or for what never comes. What it does not know: that other guests
// have the CPU. That time counts, so DURATION must be longer. A pause by the operator does not count.
//
// Context of everything here: interrupts off.
#pragma once

#include <stdbool.h>

// True once watchdog_start() has found the argument, and true while it is switched off for a wait.
extern bool watchdog_wanted, watchdog_rests;

// From here on, if the guest's arguments say so. Once, at the guest's start.
void watchdog_start(void);

// For the two below.
void watchdog_look(void);
void watchdog_feed(void);

// The guest waits now, until its first timer if nothing comes before.
static inline void watchdog_idle(void)
{
    if (watchdog_wanted)
        watchdog_look();
}

// A thread has the CPU from now on.
static inline void watchdog_busy(void)
{
    if (watchdog_rests)
        watchdog_feed();
}
