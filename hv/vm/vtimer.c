// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer of a vCPU. The model is in vtimer.h.
#include "vm/vtimer.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "vm/vcpu.h"

// Arm the first period after now_ns and count those that passed before it.
static void next_period(struct vtimer *vtimer, uint64_t deadline_ns, uint64_t now_ns)
{
    uint64_t missed = (now_ns - deadline_ns) / vtimer->period_ns;

    vtimer->missed += missed;
    timer_arm(&vtimer->timer, u64_add_sat(deadline_ns, (missed + 1) * vtimer->period_ns));
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct vtimer *vtimer = container_of(timer, struct vtimer, timer);
    struct vcpu *vcpu = container_of(vtimer, struct vcpu, vtimer);
    uint64_t deadline_ns = timer->node.expiry_ns;

    if (vtimer->period_ns != 0)
        next_period(vtimer, deadline_ns, now_ns);
    if (vtimer->undelivered && (vcpu->page->pending & BIT(LULL_IRQ_TIMER)) != 0) {
        vtimer->missed += vtimer->period_ns != 0; // the guest has not seen the last one yet: they are one now
    } else {
        vtimer->undelivered = true;
        vtimer->deadline_ns = deadline_ns;
        vtimer->fired_ns = now_ns;
        vtimer->events++;
        vcpu_pend(vcpu, BIT(LULL_IRQ_TIMER));
    }
    vcpu->page->timer_count = vtimer->events;
    vcpu->page->timer_missed = vtimer->missed;
}

void vtimer_init(struct vtimer *vtimer, uint32_t owner)
{
    timer_setup(&vtimer->timer, TIMER_GUEST_EVENT, owner, expire);
}

void vtimer_set_oneshot(struct vtimer *vtimer, uint64_t delay_ns)
{
    vtimer->period_ns = 0;
    vtimer->timer.reason = TIMER_GUEST_EVENT;
    if (delay_ns == 0)
        timer_cancel(&vtimer->timer);
    else
        timer_arm(&vtimer->timer, u64_add_sat(clock_now_ns(), delay_ns));
}

bool vtimer_set_periodic(struct vtimer *vtimer, uint64_t period_ns)
{
    if (period_ns != 0 && (period_ns < VTIMER_PERIOD_MIN_NS || period_ns > INT64_MAX))
        return false;
    vtimer->period_ns = period_ns;
    vtimer->timer.reason = TIMER_GUEST_PERIOD;
    if (period_ns == 0)
        timer_cancel(&vtimer->timer);
    else
        timer_arm(&vtimer->timer, u64_add_sat(clock_now_ns(), period_ns));
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
    if (now_ns < vtimer->deadline_ns)
        vcpu->stats.early_events++;
    histogram_add(&vcpu->stats.lateness, u64_sub_sat(now_ns, vtimer->deadline_ns));
}
