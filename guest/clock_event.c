// SPDX-License-Identifier: BSD-2-Clause
// Driver of the clock event device behind HCALL_SET_DEADLINE, HCALL_SET_CLOCKEVENT and HCALL_SET_PERIODIC.
#include "clock_event.h"

#include "args.h"
#include "clock.h"
#include "hypercall.h"
#include "panic.h"
#include "tick.h"
#include "timer.h"

#include <lib/time.h>

static uint64_t held_ns = TIME_NEVER;
static bool periodic;
static bool by_call; // arm=call: a relative delay by HCALL_SET_CLOCKEVENT each time

static void check(int64_t result)
{
    if (result != LULL_OK)
        panic("the clock event device answers with error %ld", result);
}

void clock_event_init(void)
{
    by_call = args_is("arm", "call");
}

static void call(uint64_t deadline_ns)
{
    uint64_t now_ns, delay_ns = 0; // 0 shuts the device down

    if (deadline_ns != TIME_NEVER) {
        now_ns = clock_now_ns();
        // A deadline that has passed must not become the 0 that shuts the device down.
        delay_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1;
    }
    check(hypercall_set_clockevent(delay_ns));
}

void clock_event_set(uint64_t deadline_ns)
{
    held_ns = deadline_ns;
    periodic = false;
    if (by_call)
        call(deadline_ns);
    else
        clock_event_store(deadline_ns);
}

void clock_event_set_for_halt(uint64_t deadline_ns)
{
    held_ns = deadline_ns;
    periodic = false;
    if (by_call)
        call(deadline_ns);
    else
        pages_vcpu()->next_deadline_ns = deadline_ns;
}

uint64_t clock_event_deadline_ns(void)
{
    return held_ns;
}

void clock_event_set_periodic(uint64_t period_ns)
{
    held_ns = TIME_NEVER;
    periodic = true;
    check(hypercall_set_periodic(period_ns));
}

bool clock_event_is_periodic(void)
{
    return periodic;
}

void clock_event_interrupt(void)
{
    if (periodic) {
        tick_interrupt();
    } else {
        held_ns = TIME_NEVER;
        timer_interrupt();
    }
}
