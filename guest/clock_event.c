// SPDX-License-Identifier: BSD-2-Clause
// Driver of the clock event device behind HCALL_SET_DEADLINE, HCALL_SET_CLOCKEVENT and HCALL_SET_PERIODIC.
#include "clock_event.h"

#include "args.h"
#include "clock.h"
#include "hypercall.h"
#include "panic.h"
#include "tick.h"
#include "timer.h"

#include <lib/bits.h>
#include <lib/time.h>

static uint64_t end_ns = TIME_NEVER; // of the window that is held
static bool periodic;
static bool by_call; // arm=call: a relative delay by HCALL_SET_CLOCKEVENT each time
static bool halts;   // idle=halt

static void check(int64_t result)
{
    if (result != LULL_OK)
        panic("the clock event device answers with error %ld", result);
}

void clock_event_init(void)
{
    by_call = args_is("arm", "call");
    halts = by_call || args_is("idle", "halt");
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

static void remember(uint64_t deadline_ns, uint64_t slack_ns)
{
    end_ns = u64_add_sat(deadline_ns, slack_ns);
    periodic = false;
}

void clock_event_set(uint64_t deadline_ns, uint64_t slack_ns)
{
    remember(deadline_ns, slack_ns);
    if (by_call)
        call(deadline_ns);
    else
        clock_event_store(deadline_ns, slack_ns);
}

void clock_event_set_for_halt(uint64_t deadline_ns, uint64_t slack_ns)
{
    if (by_call) {
        if (u64_add_sat(deadline_ns, slack_ns) != end_ns)
            call(deadline_ns);
    } else {
        pages_vcpu()->next_slack_ns = slack_ns;
        pages_vcpu()->next_deadline_ns = deadline_ns < LULL_TIME_NEVER ? deadline_ns : LULL_TIME_NEVER;
    }
    remember(deadline_ns, slack_ns);
}

bool clock_event_halts(void)
{
    return halts || periodic;
}

uint64_t clock_event_block(uint64_t deadline_ns, uint64_t slack_ns)
{
    uint64_t why;

    remember(deadline_ns, slack_ns);
    why = hypercall_block(deadline_ns, slack_ns);
    if ((why & LULL_WOKE_TIMEOUT) != 0)
        end_ns = TIME_NEVER;
    return why;
}

uint64_t clock_event_end_ns(void)
{
    return end_ns;
}

void clock_event_set_periodic(uint64_t period_ns)
{
    end_ns = TIME_NEVER;
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
        end_ns = TIME_NEVER;
        timer_interrupt();
    }
}
