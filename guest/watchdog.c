// SPDX-License-Identifier: BSD-2-Clause
// Feeding the hypervisor's watchdog as late as can be. The model is in watchdog.h.
#include "watchdog.h"

#include <stdint.h>

#include "args.h"
#include "clock.h"
#include "clock_event.h"
#include "console.h"
#include "hypercall.h"
#include "pages.h"
#include "timer.h"

#include <lib/time.h>

#define SHORTEST_NS NSEC_PER_MSEC
#define LONGEST_NS (86400 * NSEC_PER_SEC) // twice that is far from overflow, for centuries of uptime

bool watchdog_wanted, watchdog_rests;

static uint64_t duration_ns;
static uint64_t end_ns; // of what it was fed for

void watchdog_feed(void)
{
    watchdog_rests = false;
    end_ns = clock_now_ns() + 2 * duration_ns;
    hypercall_watchdog(2 * duration_ns);
}

void watchdog_start(void)
{
    duration_ns = args_duration_ns("watchdog", 0, SHORTEST_NS, LONGEST_NS);
    if (duration_ns == 0)
        return;
    if ((pages_start()->features & LULL_FEATURE_WATCHDOG) == 0) {
        console_print("watchdog=: this hypervisor has none\n");
        return;
    }
    watchdog_wanted = true;
    watchdog_feed();
}

// With a tick a timer expires at the tick behind it, which may be any time later.
static uint64_t wakes_ns(void)
{
    return clock_event_is_periodic() ? TIME_NEVER : timer_first_end_ns();
}

void watchdog_look(void)
{
    uint64_t until_ns = wakes_ns();

    if (watchdog_rests || until_ns <= end_ns - duration_ns)
        return;
    if (until_ns <= clock_now_ns() + duration_ns) {
        watchdog_feed();
    } else {
        watchdog_rests = true;
        hypercall_watchdog(0);
    }
}
