// SPDX-License-Identifier: BSD-2-Clause
// The static tick, the baseline that tickless guests are measured against.
#include "tick.h"

#include "clock_event.h"
#include "console.h"
#include "pages.h"
#include "timer.h"

#include <lib/time.h>

void tick_start(uint64_t hz)
{
    clock_event_set_periodic(NSEC_PER_SEC / hz);
}

void tick_obey(void)
{
    pages_vcpu()->guest_features |= LULL_GUEST_TICK;
}

void tick_switch(void)
{
    uint64_t hz = pages_vcpu()->tick_hz;

    if (hz != 0) {
        tick_start(hz);
    } else if (clock_event_is_periodic()) {
        clock_event_end_periodic();
        timer_set_device();
    }
    console_print("hz=%lu (%s) from now on\n", hz, hz != 0 ? "ticking" : "tickless");
}

void tick_interrupt(void)
{
    timer_expire_due();
}
