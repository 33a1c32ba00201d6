// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer of a vCPU. The model is in vtimer.h.
#include "vm/vtimer.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "time/clock.h"
#include "time/timer_queue.h"
#include "vm/delivery.h"
#include "vm/tracing.h"
#include "vm/upcall.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

// Arm the first period after now_ns and count those that passed since deadline_ns.
static void next_period(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t missed = (now_ns - deadline_ns) / vtimer->period_ns;

    vtimer->missed += missed;
    vcpu->page->timer_missed = vtimer->missed;
    uint64_t next_ns = u64_add_sat(deadline_ns, (missed + 1) * vtimer->period_ns);
    vcpu->page->armed_until_ns = next_ns;
    timer_arm(&vtimer->timer, next_ns);
}

// The guest writes these words at any time.
static uint64_t wanted_ns(const struct vcpu *vcpu)
{
    return *(const volatile uint64_t *)&vcpu->page->next_deadline_ns;
}

static uint64_t wanted_slack_ns(const struct vcpu *vcpu)
{
    return *(const volatile uint64_t *)&vcpu->page->next_slack_ns;
}

// For what most guests do not use.
#define RARELY(condition) __builtin_expect((condition), 0)
#define NOINLINE __attribute__((noinline))

static void expire_special(struct timer *timer, uint64_t now_ns);

static void NOINLINE hold_special(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns)
{
    struct timer *timer = &vcpu->vtimer.timer;
    uint64_t end_ns = u64_add_sat(deadline_ns, slack_ns);

    vcpu->page->armed_until_ns = end_ns < LULL_TIME_NEVER ? end_ns : LULL_TIME_NEVER;
    if (deadline_ns >= LULL_TIME_NEVER) {
        timer_cancel(timer);
        return;
    }
    timer->expire = expire_special;
    timer_arm_window(timer, deadline_ns, end_ns < LULL_TIME_NEVER ? slack_ns : UINT64_MAX);
}

// Hold this deadline for the guest from now on, and tell it so.
static inline void hold(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns)
{
    if (RARELY(slack_ns != 0) || RARELY(deadline_ns >= LULL_TIME_NEVER)) {
        hold_special(vcpu, deadline_ns, slack_ns);
        return;
    }
    vcpu->page->armed_until_ns = deadline_ns;
    timer_queue_arm_at(&vcpu->vtimer.timer, deadline_ns);
}

// The timer interrupt becomes pending for an event that was due at deadline_ns. False: the guest has not taken the last
// one yet; they are one now.
static inline bool pend(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;

    if ((vcpu->page->pending & BIT(LULL_IRQ_TIMER)) != 0)
        return false;
    vtimer->deadline_ns = deadline_ns;
    vtimer->fired_ns = now_ns;
    delivery_pended(vcpu);
    vcpu->page->timer_count++;
    vcpu_pend(vcpu, BIT(LULL_IRQ_TIMER));
    return true;
}

// The event that ends HCALL_BLOCK makes no interrupt. With several CPUs the wake-up can neither be lost nor come to the
// wrong one: a timer is on the queue of the CPU that its vCPU belongs to, which is this one, or on none while the vCPU
// is on its way (share.c: it leaves the old queue before, and enters the new one after, whatever the vCPU is doing). A
// doorbell from elsewhere touches no state: it waits in this CPU's mail (mail.h), before or behind this call, and
// finds the vCPU awake or wakes it. Whoever came first, vtimer_end_block() tells both.
static void NOINLINE time_out(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;

    vtimer->deadline_ns = deadline_ns;
    vtimer->fired_ns = now_ns;
    vtimer->delivery.state = DELIVERY_DUE;
    vcpu->page->timer_count++;
    vcpu_wake(vcpu);
}

static void NOINLINE expire_period(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t now_ns)
{
    vcpu->vtimer.missed += !pend(vcpu, deadline_ns, now_ns);
    vcpu->page->timer_missed = vcpu->vtimer.missed;
    if (vcpu->state == VCPU_RUNNING)
        next_period(vcpu, deadline_ns, now_ns);
    else
        vcpu->on_start |= VCPU_START_UNPARK;
}

// What was held is due, but the guest has moved it later without a trap: hold that.
static void NOINLINE hold_later(struct vcpu *vcpu, uint64_t deadline_ns)
{
    hold(vcpu, deadline_ns, wanted_slack_ns(vcpu));
}

// What was held is due and still wanted.
static inline void comes(struct vcpu *vcpu)
{
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    vcpu->page->armed_until_ns = LULL_TIME_NEVER;
}

static void expire(struct timer *timer, uint64_t now_ns)
{
    struct vtimer *vtimer = container_of(timer, struct vtimer, timer);
    struct vcpu *vcpu = container_of(vtimer, struct vcpu, vtimer);
    uint64_t deadline_ns = timer->node.expiry_ns;
    uint64_t next_ns = wanted_ns(vcpu);

    if (RARELY(next_ns > now_ns)) {
        hold_later(vcpu, next_ns);
        return;
    }
    comes(vcpu);
    pend(vcpu, deadline_ns > next_ns ? deadline_ns : next_ns, now_ns);
}

// In place of expire() after an event with a slack has been armed, while HCALL_BLOCK waits, and in the periodic mode,
// so that no other event pays for them. It also knows what expire() knows, which takes over from it when none of them
// is in use any more.
static void expire_special(struct timer *timer, uint64_t now_ns)
{
    struct vtimer *vtimer = container_of(timer, struct vtimer, timer);
    struct vcpu *vcpu = container_of(vtimer, struct vcpu, vtimer);
    uint64_t deadline_ns = timer_deadline_ns(timer);
    uint64_t slack_ns = timer->node.expiry_ns - deadline_ns;

    if (!vcpu->blocking) {
        if (vtimer->period_ns != 0) {
            expire_period(vcpu, deadline_ns, now_ns);
            return;
        }
        timer->expire = expire;
    }
    uint64_t next_ns = wanted_ns(vcpu);
    if (next_ns > now_ns) {
        hold_later(vcpu, next_ns);
        return;
    }
    comes(vcpu);
    if (deadline_ns < next_ns)
        deadline_ns = next_ns;
    if (vcpu->blocking)
        time_out(vcpu, deadline_ns, now_ns);
    else if (!pend(vcpu, deadline_ns, now_ns))
        return;
    if (slack_ns != 0)
        delivery_has_slack(vcpu, slack_ns);
}

// In place of both while the vCPU is traced. vtimer_trace() says it again after everything that names another.
static void expire_traced(struct timer *timer, uint64_t now_ns)
{
    struct vtimer *vtimer = container_of(timer, struct vtimer, timer);
    struct vcpu *vcpu = container_of(vtimer, struct vcpu, vtimer);
    uint64_t deadline_ns = timer_deadline_ns(timer), next_ns = wanted_ns(vcpu);

    if (next_ns > now_ns && (vcpu->blocking || vtimer->period_ns == 0))
        tracing_moved(vcpu, deadline_ns, next_ns);
    else
        tracing_expires(vcpu, deadline_ns, now_ns);
    expire_special(timer, now_ns);
    vtimer_trace(vcpu);
    if (delivery_due(vcpu))
        delivery_traced(vcpu);
}

void vtimer_trace(struct vcpu *vcpu)
{
    vcpu->vtimer.timer.expire = expire_traced;
}

void vtimer_trace_not(struct vcpu *vcpu)
{
    vcpu->vtimer.timer.expire = expire_special; // which finds expire() again
}

void vtimer_init(struct vcpu *vcpu, uint32_t owner)
{
    timer_setup(&vcpu->vtimer.timer, TIMER_GUEST_EVENT, owner, expire);
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    vcpu->page->armed_until_ns = LULL_TIME_NEVER;
    vcpu->page->following_deadline_ns = LULL_TIME_NEVER;
}

// One-shot mode, with this wish.
static inline void wish(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns)
{
    vcpu->vtimer.period_ns = 0;
    vcpu->vtimer.timer.reason = TIMER_GUEST_EVENT;
    vcpu->page->next_deadline_ns = deadline_ns;
    vcpu->page->next_slack_ns = slack_ns;
}

// Delays below this, and the time until now, add up to less than LULL_TIME_NEVER: each is at most 146 years.
#define DELAY_USUAL_NS BIT(62)

static void NOINLINE set_oneshot_slowly(struct vcpu *vcpu, uint64_t delay_ns)
{
    uint64_t deadline_ns = delay_ns == 0 ? LULL_TIME_NEVER : u64_add_sat(clock_now_ns(), delay_ns);

    wish(vcpu, deadline_ns, 0);
    hold(vcpu, deadline_ns, 0);
}

void vtimer_set_oneshot(struct vcpu *vcpu, uint64_t delay_ns)
{
    if (RARELY(delay_ns - 1 >= DELAY_USUAL_NS - 1) || RARELY(!clock_is_tsc())) {
        set_oneshot_slowly(vcpu, delay_ns);
        return;
    }
    uint64_t deadline_ns = clock_ns_at(tsc_read()) + delay_ns;
    wish(vcpu, deadline_ns, 0);
    vcpu->page->armed_until_ns = deadline_ns;
    timer_queue_arm_at(&vcpu->vtimer.timer, deadline_ns);
}

// The timer interrupt is pending: take it back. It stands for an event unless the guest set the bit, or the
// event has reached it already.
static bool take_back_pending(struct vcpu *vcpu)
{
    bool event = delivery_due(vcpu);

    __atomic_and_fetch(&vcpu->page->pending, ~BIT(LULL_IRQ_TIMER), __ATOMIC_RELAXED);
    vcpu->vtimer.delivery.state = 0;
    return event;
}

static bool timer_pending(const struct vcpu *vcpu)
{
    return (*(const volatile uint64_t *)&vcpu->page->pending & BIT(LULL_IRQ_TIMER)) != 0;
}

static uint64_t below_never(uint64_t deadline_ns)
{
    return deadline_ns < LULL_TIME_NEVER ? deadline_ns : LULL_TIME_NEVER;
}

uint64_t vtimer_set_deadline(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t replaced_ns = wanted_ns(vcpu);

    if (RARELY(vtimer->period_ns != 0))
        replaced_ns = timer_armed(&vtimer->timer) ? vtimer->timer.node.expiry_ns : LULL_TIME_NEVER;
    if (RARELY(timer_pending(vcpu)) && take_back_pending(vcpu))
        replaced_ns = vtimer->deadline_ns;
    wish(vcpu, deadline_ns, slack_ns);
    hold(vcpu, deadline_ns, slack_ns);
    vcpu->page->next_wake_ns = timer_programmed_ns_here();
    return below_never(replaced_ns);
}

void vtimer_unpark(struct vcpu *vcpu)
{
    vcpu->on_start &= ~(uint32_t)VCPU_START_UNPARK;
    next_period(vcpu, vcpu->vtimer.timer.node.expiry_ns, clock_now_ns());
}

static void NOINLINE before_block_slack(struct vcpu *vcpu, uint64_t next_ns, uint64_t slack_ns)
{
    uint64_t end_ns = u64_add_sat(next_ns, slack_ns);

    // Of a window without an end, the page does not tell whether it is held.
    if (vcpu->vtimer.period_ns == 0 && (end_ns != vcpu->page->armed_until_ns || end_ns >= LULL_TIME_NEVER))
        hold(vcpu, next_ns, slack_ns);
}

void vtimer_before_block(struct vcpu *vcpu)
{
    uint64_t next_ns = wanted_ns(vcpu), slack_ns = wanted_slack_ns(vcpu);

    if (RARELY(slack_ns != 0))
        before_block_slack(vcpu, next_ns, slack_ns);
    else if (vcpu->vtimer.period_ns == 0 && next_ns != vcpu->page->armed_until_ns)
        hold(vcpu, next_ns, 0);
}

// What a guest hears of the wait that is over: its result, and the record in its page.
static uint64_t tell(struct vcpu *vcpu, uint64_t due, uint64_t deadline_ns, uint64_t now_ns)
{
    vcpu->page->block = (struct lull_block_record){
        .woke_ns = now_ns,
        .late_ns = (int64_t)(now_ns - below_never(deadline_ns)),
    };
    return due & (LULL_WOKE_IRQS | LULL_WOKE_TIMEOUT);
}

// Something is pending already. A pending timer interrupt is what the guest waits for, whatever its deadline was.
static uint64_t NOINLINE block_not(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns, uint64_t due)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t now_ns = clock_now_ns();

    if ((due & BIT(LULL_IRQ_TIMER)) != 0) {
        delivery_made(vcpu);
        take_back_pending(vcpu);
        deadline_ns = vtimer->deadline_ns;
        due = (due & ~BIT(LULL_IRQ_TIMER)) | LULL_WOKE_TIMEOUT;
    } else {
        vtimer_set_deadline(vcpu, deadline_ns, slack_ns);
    }
    return tell(vcpu, due, deadline_ns, now_ns);
}

uint64_t vtimer_block(struct vcpu *vcpu, uint64_t deadline_ns, uint64_t slack_ns, uint64_t due)
{
    if (RARELY(due != 0))
        return block_not(vcpu, deadline_ns, slack_ns, due);
    if (RARELY(timer_pending(vcpu))) // and masked
        take_back_pending(vcpu);
    wish(vcpu, deadline_ns, slack_ns);
    vtimer_before_block(vcpu);
    vcpu->vtimer.timer.expire = expire_special;
    vcpu->vtimer.delivery.state = 0;
    vcpu->vtimer.block_deadline_ns = deadline_ns;
    vcpu->blocking = true;
    return 0;
}

// The guest has left word of what it wants held when its event has come. It has not run since then.
static void NOINLINE hold_following(struct vcpu *vcpu)
{
    uint64_t deadline_ns = vcpu->page->following_deadline_ns, slack_ns = vcpu->page->following_slack_ns;

    if ((vcpu->entry.frame.rax & LULL_WOKE_TIMEOUT) == 0)
        return;
    vcpu->page->following_deadline_ns = LULL_TIME_NEVER;
    wish(vcpu, deadline_ns, slack_ns);
    hold(vcpu, deadline_ns, slack_ns);
    vcpu->page->next_wake_ns = timer_programmed_ns_here();
}

void vtimer_end_block(struct vcpu *vcpu)
{
    struct vtimer *vtimer = &vcpu->vtimer;
    uint64_t due = upcall_due(vcpu), now_ns;

    if (delivery_due(vcpu)) {
        due |= LULL_WOKE_TIMEOUT;
        delivery_made(vcpu);
        now_ns = vcpu->page->timer.injected_ns;
    } else {
        now_ns = clock_now_ns();
        vcpu->page->next_wake_ns = timer_programmed_ns_here();
    }
    vcpu->blocking = false; // expire_special() goes by it
    vcpu->entry.frame.rax = tell(vcpu, due, vtimer->block_deadline_ns, now_ns);
    if (RARELY(vcpu->page->following_deadline_ns < LULL_TIME_NEVER))
        hold_following(vcpu);
}

bool vtimer_set_periodic(struct vcpu *vcpu, uint64_t period_ns)
{
    struct vtimer *vtimer = &vcpu->vtimer;

    if (period_ns != 0 && (period_ns < VTIMER_PERIOD_MIN_NS || period_ns > INT64_MAX))
        return false;
    vtimer->period_ns = period_ns;
    vtimer->timer.reason = period_ns != 0 ? TIMER_GUEST_PERIOD : TIMER_GUEST_EVENT;
    vtimer->timer.expire = expire_special;
    vcpu->page->next_deadline_ns = LULL_TIME_NEVER;
    vcpu->page->next_slack_ns = 0;
    hold(vcpu, period_ns == 0 ? LULL_TIME_NEVER : u64_add_sat(clock_now_ns(), period_ns), 0);
    return true;
}

void vtimer_leave(struct vcpu *vcpu)
{
    timer_leave(&vcpu->vtimer.timer, &vcpu->vtimer.held);
}

void vtimer_enter(struct vcpu *vcpu)
{
    timer_enter(&vcpu->vtimer.timer, &vcpu->vtimer.held);
}
