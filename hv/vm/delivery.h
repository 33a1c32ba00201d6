// SPDX-License-Identifier: BSD-2-Clause
// What is noted of a timer event between its becoming pending and its delivery, so that its lateness can be split by cause
// (lateness.h).
//
// Nothing is noted of an event that is delivered as soon as it is pending. Whatever else can come between is away from
// that path, and is noted where it happens, in vtimer.delay: the guest cannot take the interrupt, the vCPU gets the CPU
// after others had it, it goes on after a pause. Delivery looks at one word to know whether anything has.
//
// Context of everything here: the vCPU's CPU, interrupts off.
#pragma once

#include <stdint.h>

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/vcpu.h"

// The guest cannot take an interrupt now; that of the timer may be pending.
static inline void delivery_held(struct vcpu *vcpu)
{
    vcpu->vtimer.delay.causes |= DELIVERY_HELD;
}

// The timer interrupt becomes pending. That the guest has interrupts off is seen when delivery is tried; that it has
// masked this one is not. The guest writes the word at any time.
static inline void delivery_pended(struct vcpu *vcpu)
{
    const volatile struct lull_vcpu_page *page = vcpu->page;

    vcpu->vtimer.delay.causes = 0; // the guest may have cleared the bit of an event before
    if (__builtin_expect((page->mask & BIT(LULL_IRQ_TIMER)) != 0, 0))
        delivery_held(vcpu);
}

// The event is of a window that the guest granted: so much later than the deadline is in order.
static inline void delivery_has_slack(struct vcpu *vcpu, uint64_t slack_ns)
{
    vcpu->vtimer.delay.slack_ns = slack_ns;
    vcpu->vtimer.delay.causes |= DELIVERY_SLACK;
}

// The vCPU is about to leave VCPU_RUNNABLE or VCPU_PAUSED. For delivery_before_leaving().
void delivery_count_wait(struct vcpu *vcpu);

// The same, whatever is pending.
static inline void delivery_before_leaving(struct vcpu *vcpu)
{
    if (__builtin_expect(vcpu->vtimer.undelivered, 0))
        delivery_count_wait(vcpu);
}

// Something has come between, or the event is early.
void delivery_made_late(struct vcpu *vcpu, uint64_t now_ns);

// The ring of the vCPU is full.
void delivery_fold(struct vcpu *vcpu);

// The event reaches the guest at now_ns.
static inline void delivery_made(struct vcpu *vcpu, uint64_t now_ns)
{
    const struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t hardware_ns;
    bool early = __builtin_sub_overflow(vtimer->fired_ns, vtimer->deadline_ns, &hardware_ns);

    if (__builtin_expect(early, 0) || __builtin_expect(vtimer->delay.causes != 0, 0))
        delivery_made_late(vcpu, now_ns);
    else if (lateness_note(&vcpu->late, hardware_ns, now_ns - vtimer->fired_ns))
        delivery_fold(vcpu);
}
