// SPDX-License-Identifier: BSD-2-Clause
// The static tick, the baseline that tickless guests are measured against.
#include "tick.h"

#include "clock_event.h"
#include "timer.h"

#include <lib/time.h>

void tick_start(uint64_t hz)
{
    clock_event_set_periodic(NSEC_PER_SEC / hz);
}

void tick_interrupt(void)
{
    timer_expire_due();
}
