// SPDX-License-Identifier: BSD-2-Clause
// Driver of the clock event device behind HCALL_SET_DEADLINE, HCALL_BLOCK, HCALL_SET_CLOCKEVENT and HCALL_SET_PERIODIC.
#include "clock_event.h"

#include "args.h"
#include "clock.h"
#include "panic.h"
#include "tick.h"
#include "timer.h"

static uint64_t end_ns = TIME_NEVER; // of the window that is held
static bool periodic;
static bool by_call; // arm=call: a relative delay by HCALL_SET_CLOCKEVENT each time
static bool halts;   // idle=halt
static bool ahead;   // the hypervisor is told what comes after a wait
static struct clock_event_traps traps;

static void check(int64_t result)
{
    if (result != LULL_OK)
        panic("the clock event device answers with error %ld", result);
}

void clock_event_init(void)
{
    by_call = args_is("arm", "call");
    halts = by_call || args_is("idle", "halt");
    ahead = !args_is("idle", "block");
}

bool clock_event_is_eager(void)
{
    return by_call;
}

static void call(uint64_t deadline_ns)
{
    uint64_t now_ns, delay_ns = 0; // 0 shuts the device down

    if (deadline_ns != TIME_NEVER) {
        now_ns = clock_now_ns();
        // A deadline that has passed must not become the 0 that shuts the device down.
        delay_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 1;
    }
    traps.set_clockevent++;
    check(hypercall_set_clockevent(delay_ns));
}

static void remember(struct event_window window)
{
    end_ns = event_window_end_ns(window);
    periodic = false;
}

void clock_event_set(struct event_window window)
{
    remember(window);
    if (by_call)
        call(window.deadline_ns);
    else
        traps.set_deadline += clock_event_store(window.deadline_ns, window.slack_ns);
}

bool clock_event_halts(void)
{
    return halts || periodic;
}

static uint64_t for_page(uint64_t deadline_ns)
{
    return deadline_ns < LULL_TIME_NEVER ? deadline_ns : LULL_TIME_NEVER;
}

void clock_event_halt(struct event_window window)
{
    if (!periodic && !by_call) { // with arm=call it is set already
        remember(window);
        pages_vcpu()->next_slack_ns = window.slack_ns;
        pages_vcpu()->next_deadline_ns = for_page(window.deadline_ns);
    }
    traps.halt++;
    hypercall_halt();
}

uint64_t clock_event_block(struct event_window first, struct event_window following)
{
    uint64_t why;

    remember(first);
    if (ahead) {
        pages_vcpu()->following_slack_ns = following.slack_ns;
        pages_vcpu()->following_deadline_ns = for_page(following.deadline_ns);
    }
    traps.block++;
    why = hypercall_block(first.deadline_ns, first.slack_ns);
    if ((why & LULL_WOKE_TIMEOUT) != 0) {
        uint64_t held_ns = pages_vcpu()->armed_until_ns;

        end_ns = held_ns < LULL_TIME_NEVER ? held_ns : TIME_NEVER;
    }
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

void clock_event_end_periodic(void)
{
    periodic = false;
    check(hypercall_set_periodic(0));
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

const struct clock_event_traps *clock_event_traps(void)
{
    return &traps;
}
