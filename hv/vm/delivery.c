// SPDX-License-Identifier: BSD-2-Clause
// The rare paths of an event's delivery. The model is in delivery.h.
#include "vm/delivery.h"

#include "time/clock.h"
#include "vm/guest.h"
#include "vm/vcpu_time.h"

void delivery_count_wait(struct vcpu *vcpu, uint64_t now_tsc)
{
    struct delivery_delay *delay = &vcpu->vtimer.delay;
    uint64_t wait_ns = vcpu_time_to_ns(now_tsc - vcpu->state_since_tsc);
    uint64_t pending_ns =
        clock_now_ns() - vcpu->vtimer.fired_ns; // it may have become pending in the midst of the wait
    uint64_t counted_ns = wait_ns < pending_ns ? wait_ns : pending_ns;

    if ((delay->causes & DELIVERY_WAITED) == 0)
        delay->steal_ns = delay->paused_ns = 0;
    if (vcpu->state == VCPU_RUNNABLE)
        delay->steal_ns += counted_ns;
    else if (vcpu->state == VCPU_PAUSED)
        delay->paused_ns += counted_ns;
    delay->causes |= DELIVERY_WAITED;
}

// Tell the guest. It may write its page at any time, so what counts is never read from there.
static void tell(struct vcpu *vcpu, const struct lateness_parts *parts, uint64_t now_ns)
{
    vcpu->page->timer_split = (struct lull_event_split){
        .injected_ns = now_ns,
        .slack_ns = parts->ns[LATENESS_SLACK],
        .steal_ns = parts->ns[LATENESS_STEAL],
        .paused_ns = parts->ns[LATENESS_PAUSED],
        .guest_ns = parts->ns[LATENESS_GUEST],
    };
}

bool delivery_made_slowly(struct vcpu *vcpu)
{
    const struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t now_ns = clock_now_ns();
    uint64_t causes = vtimer->delay.causes;
    const struct lateness_event event = {
        .deadline_ns = vtimer->deadline_ns,
        .fired_ns = vtimer->fired_ns,
        .injected_ns = now_ns,
        .slack_ns = (causes & DELIVERY_SLACK) != 0 ? vtimer->delay.slack_ns : 0,
        .steal_ns = (causes & DELIVERY_WAITED) != 0 ? vtimer->delay.steal_ns : 0,
        .paused_ns = (causes & DELIVERY_WAITED) != 0 ? vtimer->delay.paused_ns : 0,
        .held = (causes & DELIVERY_HELD) != 0,
    };
    struct lateness_parts parts;

    vcpu->stats.early_events += now_ns < vtimer->deadline_ns;
    lateness_split(&event, &parts);
    lateness_add(&vcpu->guest->lateness, &parts);
    vcpu->page->timer.injected_ns = now_ns;
    tell(vcpu, &parts, now_ns);
    return true;
}

bool delivery_fold(struct vcpu *vcpu)
{
    lateness_fold(&vcpu->guest->lateness, &vcpu->late);
    return true;
}
