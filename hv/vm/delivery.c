// SPDX-License-Identifier: BSD-2-Clause
// The rare paths of an event's delivery. The model is in delivery.h.
#include "vm/delivery.h"

#include "time/clock.h"
#include "vm/guest.h"
#include "vm/tracing.h"
#include "vm/vcpu_time.h"

void delivery_count_wait(struct vcpu *vcpu, uint64_t now_tsc)
{
    struct delivery *delivery = &vcpu->vtimer.delivery;
    uint64_t wait_ns = vcpu_time_to_ns(now_tsc - vcpu->state_since_tsc);
    uint64_t pending_ns =
        clock_now_ns() - vcpu->vtimer.fired_ns; // it may have become pending in the midst of the wait
    uint64_t counted_ns = wait_ns < pending_ns ? wait_ns : pending_ns;

    if ((delivery->state & DELIVERY_WAITED) == 0)
        delivery->steal_ns = delivery->paused_ns = 0;
    if (vcpu->state == VCPU_RUNNABLE)
        delivery->steal_ns += counted_ns;
    else if (vcpu->state == VCPU_PAUSED)
        delivery->paused_ns += counted_ns;
    delivery->state |= DELIVERY_WAITED;
}

// Tell the guest. It may write its page at any time, so what counts is never read from there.
static void tell(struct vcpu *vcpu, const struct lateness_event *event, const struct lateness_parts *parts)
{
    vcpu->page->timer = (struct lull_event_record){
        .deadline_ns = event->deadline_ns,
        .fired_ns = event->fired_ns,
        .injected_ns = event->injected_ns,
    };
    vcpu->page->timer_split = (struct lull_event_split){
        .injected_ns = event->injected_ns,
        .slack_ns = parts->ns[LATENESS_SLACK],
        .steal_ns = parts->ns[LATENESS_STEAL],
        .paused_ns = parts->ns[LATENESS_PAUSED],
        .guest_ns = parts->ns[LATENESS_GUEST],
    };
    vcpu->page->next_wake_ns = timer_programmed_ns_here();
}

bool delivery_made_slowly(struct vcpu *vcpu)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    const struct delivery *delivery = &vtimer->delivery;
    uint64_t state = delivery->state;
    const struct lateness_event event = {
        .deadline_ns = vtimer->deadline_ns,
        .fired_ns = vtimer->fired_ns,
        .injected_ns = clock_now_ns(),
        .slack_ns = (state & DELIVERY_SLACK) != 0 ? delivery->slack_ns : 0,
        .steal_ns = (state & DELIVERY_WAITED) != 0 ? delivery->steal_ns : 0,
        .paused_ns = (state & DELIVERY_WAITED) != 0 ? delivery->paused_ns : 0,
        .held = (state & DELIVERY_HELD) != 0,
    };
    struct lateness_parts parts;

    if (!delivery_due(vcpu))
        return true;
    if (state & DELIVERY_TRACED)
        tracing_delivered(vcpu, event.deadline_ns, event.fired_ns);
    vtimer->delivery.state = 0;
    vcpu->stats.timer_upcalls++;
    vcpu->stats.early_events += event.injected_ns < event.deadline_ns;
    lateness_split(&event, &parts);
    lateness_add(&vcpu->guest->lateness, &parts);
    tell(vcpu, &event, &parts);
    return true;
}

bool delivery_fold(struct vcpu *vcpu)
{
    lateness_fold(&vcpu->guest->lateness, &vcpu->late);
    return true;
}
