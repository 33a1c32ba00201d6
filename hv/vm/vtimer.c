// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer of a vCPU. The model is in vtimer.h.
#include "vm/vtimer.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "vm/delivery.h"
#include "vm/vcpu.h"

// Arm the first period after now_ns and count those that passed since deadline_ns.
static void next_period(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t missed = (now_ns - deadline_ns) / vtimer->period_ns;

    vtimer->missed += missed;
    vcpu->page->timer_missed = vtimer->missed;
    timer_arm(&vtimer->timer, u64_add_sat(deadline_ns, (missed + 1) * vtimer->period_ns));
}

// The guest writes the word at any time.
static uint64_t wanted_ns(const struct vcpu *vcpu)
{
    return *(const volatile uint64_t *)&vcpu->page->next_deadline_ns;
}

// Hold this deadline for the guest from now on, and tell it so.
static void hold(struct vcpu *vcpu, uint64_t deadline_ns)
{
    vcpu->page->armed_until_ns = deadline_ns;
    timer_arm(&vcpu->vtimer.timer, deadline_ns);
}

// The timer interrupt becomes pending for an event that was due at deadline_ns.
static void pend(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;

    if ((vcpu->page->pending & BIT(LULL_IRQ_TIMER)) != 0) {
        vtimer->missed +=
            vtimer->period_ns != 0; // the guest has not taken the last one yet: they are one now
    } else {
        vtimer->undelivered = true;
        vtimer->deadline_ns = deadline_ns;
        vtimer->fired_ns = now_ns;
        delivery_pended(vcpu);
        vcpu->page->timer_count = ++vtimer->events;
        vcpu_pend(vcpu, BIT(LULL_IRQ_TIMER));
    }
    vcpu->page->timer_missed = vtimer->missed;
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct vtimer *vtimer = container_of(timer, struct vtimer, timer);
    struct vcpu *vcpu = container_of(vtimer, struct vcpu, vtimer);
    uint64_t deadline_ns = timer->node.expiry_ns;

    if (vtimer->period_ns != 0) {
        pend(vcpu, deadline_ns, now_ns);
        if (vcpu->state == VCPU_RUNNING)
            next_period(vcpu, deadline_ns, now_ns);
        else
            vcpu->on_start |= VCPU_START_UNPARK;
        return;
    }
    uint64_t next_ns = wanted_ns(vcpu);
    if (next_ns > now_ns) {
        hold(vcpu, next_ns); // moved later without a trap
        return;
    }
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    vcpu->page->armed_until_ns = LULL_TIME_NEVER;
    pend(vcpu, deadline_ns > next_ns ? deadline_ns : next_ns, now_ns);
}

void vtimer_init(struct vcpu *vcpu, uint32_t owner)
{
    timer_setup(&vcpu->vtimer.timer, TIMER_GUEST_EVENT, owner, expire);
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    vcpu->page->armed_until_ns = LULL_TIME_NEVER;
}

void vtimer_set_deadline(struct vcpu *vcpu, uint64_t deadline_ns)
{
    vcpu->vtimer.period_ns = 0;
    vcpu->vtimer.timer.reason = TIMER_GUEST_EVENT;
    vcpu->page->next_deadline_ns = deadline_ns;
    hold(vcpu, deadline_ns);
}

void vtimer_set_oneshot(struct vcpu *vcpu, uint64_t delay_ns)
{
    vtimer_set_deadline(vcpu, delay_ns == 0 ? LULL_TIME_NEVER : u64_add_sat(clock_now_ns(), delay_ns));
}

void vtimer_unpark(struct vcpu *vcpu)
{
    vcpu->on_start &= ~(uint32_t)VCPU_START_UNPARK;
    next_period(vcpu, vcpu->vtimer.timer.node.expiry_ns, clock_now_ns());
}

void vtimer_before_block(struct vcpu *vcpu)
{
    uint64_t next_ns = wanted_ns(vcpu);

    if (vcpu->vtimer.period_ns == 0 && next_ns != vcpu->page->armed_until_ns)
        hold(vcpu, next_ns);
}

bool vtimer_set_periodic(struct vcpu *vcpu, uint64_t period_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;

    if (period_ns != 0 && (period_ns < VTIMER_PERIOD_MIN_NS || period_ns > INT64_MAX))
        return false;
    vtimer->period_ns = period_ns;
    vtimer->timer.reason = period_ns != 0 ? TIMER_GUEST_PERIOD : TIMER_GUEST_EVENT;
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    hold(vcpu, period_ns == 0 ? LULL_TIME_NEVER : u64_add_sat(clock_now_ns(), period_ns));
    return true;
}

void vtimer_delivered(struct vcpu *vcpu)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t now_ns = clock_now_ns();

    vtimer->undelivered = false;
    vcpu->stats.timer_upcalls++;
    vcpu->page->timer = (struct lull_event_record){
        .deadline_ns = vtimer->deadline_ns,
        .fired_ns = vtimer->fired_ns,
        .injected_ns = now_ns,
    };
    delivery_made(vcpu, now_ns);
}
