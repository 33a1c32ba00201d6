// SPDX-License-Identifier: BSD-2-Clause
// What is noted of a timer event between its becoming pending and its delivery, so that its lateness can be split by
// cause (lateness.h).
//
// Nothing is noted of an event that is delivered as soon as it is pending. Whatever else can come between is away from
// that path, and is noted where it happens, in vtimer.delivery: the guest cannot take the interrupt, the vCPU gets the
// CPU after others had it, it goes on after a pause. Delivery looks at one word to know whether anything has.
//
// Context of everything here: the vCPU's CPU, interrupts off.
#pragma once

#include <stdint.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

// The guest cannot take an interrupt now; that of the timer may be pending.
static inline void delivery_held(struct vcpu *vcpu)
{
    vcpu->vtimer.delivery.state |= DELIVERY_HELD;
}

// The timer interrupt becomes pending. That the guest has interrupts off is seen when delivery is tried; that it has
// masked this one is not. The guest writes the word at any time.
static inline void delivery_pended(struct vcpu *vcpu)
{
    const volatile struct lull_vcpu_page *page = vcpu->page;

    vcpu->vtimer.delivery.state =
        DELIVERY_DUE | (page->mask & BIT(LULL_IRQ_TIMER)) * (DELIVERY_HELD / BIT(LULL_IRQ_TIMER));
}

static inline bool delivery_due(const struct vcpu *vcpu)
{
    return (vcpu->vtimer.delivery.state & DELIVERY_DUE) != 0;
}

// The event is of a window that the guest granted: so much later than the deadline is in order.
static inline void delivery_has_slack(struct vcpu *vcpu, uint64_t slack_ns)
{
    vcpu->vtimer.delivery.slack_ns = slack_ns;
    vcpu->vtimer.delivery.state |= DELIVERY_SLACK;
}

// The delivery of the event that is due is to be recorded.
static inline void delivery_traced(struct vcpu *vcpu)
{
    vcpu->vtimer.delivery.state |= DELIVERY_TRACED;
}

// The vCPU is about to leave VCPU_RUNNABLE or VCPU_PAUSED, at now_tsc or later. For delivery_before_leaving().
void delivery_count_wait(struct vcpu *vcpu, uint64_t now_tsc);

// The same, whatever is pending.
static inline void delivery_before_leaving(struct vcpu *vcpu, uint64_t now_tsc)
{
    if (__builtin_expect(delivery_due(vcpu), 0))
        delivery_count_wait(vcpu, now_tsc);
}

// delivery_made() where something has come between, the event is early, or the clock is not the TSC; nothing if there
// is no event. These two return true, what their callers return, so that they can be called in the last place and
// nothing is saved for them.
bool delivery_made_slowly(struct vcpu *vcpu);

// The ring of the vCPU is full.
bool delivery_fold(struct vcpu *vcpu);

// The CPU has nothing to do, and this vCPU had it last.
static inline void delivery_idle(struct vcpu *vcpu)
{
    if (vcpu->late.count >= LATENESS_RING_WORTH)
        delivery_fold(vcpu);
}

// The event that is due, if there is one, reaches the guest now: stamp its record in the page, count it. True.
static inline bool delivery_made(struct vcpu *vcpu)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t deadline_ns = vtimer->deadline_ns, fired_ns = vtimer->fired_ns;
    struct lull_event_record *record = &vcpu->page->timer;

    if (__builtin_expect(vtimer->delivery.state != DELIVERY_DUE, 0) ||
        __builtin_expect(fired_ns < deadline_ns, 0) || __builtin_expect(!clock_is_tsc(), 0))
        return delivery_made_slowly(vcpu);
    uint64_t now_ns = clock_ns_at(tsc_read());
    vtimer->delivery.state = 0;
    vcpu->stats.timer_upcalls++;
    record->deadline_ns = deadline_ns;
    record->fired_ns = fired_ns;
    record->injected_ns = now_ns;
    vcpu->page->next_wake_ns = timer_programmed_ns_here();
    return !lateness_note(&vcpu->late, deadline_ns, fired_ns, now_ns) || delivery_fold(vcpu);
}
