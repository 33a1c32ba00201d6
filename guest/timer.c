// SPDX-License-Identifier: BSD-2-Clause
// The guest's timers on the timer wheel.
#include "timer.h"

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "clock_event.h"
#include "irq.h"
#include "pages.h"

static struct timer_wheel wheel;

// While the callbacks run, arming leaves the device alone: it is set once, after the last of them.
static bool expiring;

static struct timer_counts counts;

void timer_init(void)
{
    timer_wheel_init(&wheel, clock_now_ns());
}

void timer_setup(struct timer *timer, void (*expired)(struct timer *timer))
{
    timer_wheel_node_init(&timer->node);
    timer->slack_ns = 0;
    timer->expired = expired;
}

static struct timer *timer_of(struct timer_wheel_node *node)
{
    return container_of(node, struct timer, node);
}

// `node` is what timer_wheel_earliest() returns: a timer, or what expires never.
static struct event_window window_of(struct timer_wheel_node *node)
{
    if (node->expiry_ns == TIME_NEVER)
        return (struct event_window){ .deadline_ns = TIME_NEVER };
    return (struct event_window){ timer_deadline_ns(timer_of(node)), timer_of(node)->slack_ns };
}

uint64_t timer_first_end_ns(void)
{
    return timer_wheel_earliest(&wheel)->expiry_ns;
}

void timer_set_device(void)
{
    struct event_window first = window_of(timer_wheel_earliest(&wheel));

    if (!clock_event_is_periodic() && event_window_end_ns(first) != clock_event_end_ns())
        clock_event_set(first);
}

// The window of a timer, which ends at end_ns, has come into the wheel; TIME_NEVER: one has gone.
static void follow(uint64_t end_ns)
{
    if (!expiring && (end_ns < clock_event_end_ns() || clock_event_is_eager()))
        timer_set_device();
}

// Puts the timer into the wheel. Returns the end of its window.
static uint64_t put(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    uint64_t end_ns = u64_add_sat(deadline_ns, slack_ns);

    if (deadline_ns != TIME_NEVER && end_ns >= LULL_TIME_NEVER)
        end_ns = deadline_ns < LULL_TIME_NEVER ? LULL_TIME_NEVER - 1 : TIME_NEVER;
    timer->slack_ns = end_ns - deadline_ns;
    timer_wheel_arm(&wheel, &timer->node, end_ns);
    counts.arms++;
    return end_ns;
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    timer_arm_slack(timer, deadline_ns, 0);
}

void timer_arm_slack(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    bool enabled = irq_save();

    follow(put(timer, deadline_ns, slack_ns));
    irq_restore(enabled);
}

void timer_arm_quietly(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    put(timer, deadline_ns, slack_ns);
    follow(TIME_NEVER);
}

void timer_cancel(struct timer *timer)
{
    bool enabled = irq_save();

    counts.cancels += timer_is_armed(timer);
    timer_wheel_cancel(&wheel, &timer->node);
    follow(TIME_NEVER);
    irq_restore(enabled);
}

static void expire(struct timer *timer)
{
    counts.expiries++;
    timer->expired(timer);
}

// Expires `first`, if it is not null, which is due and in the wheel no more; then everything that is due.
static void expire_due(struct timer *first)
{
    expiring = true;
    if (first != NULL)
        expire(first);
    for (;;) {
        struct timer_wheel_node *node = timer_wheel_earliest(&wheel);
        uint64_t now_ns =
            clock_now_ns(); // again for each: what falls due meanwhile needs no interrupt of its own

        if (node->expiry_ns == TIME_NEVER || timer_deadline_ns(timer_of(node)) > now_ns)
            break;
        if (node->expiry_ns <= now_ns)
            timer_wheel_take(&wheel, node);
        else
            timer_wheel_cancel(&wheel, node); // before its end, to which the wheel's time must not move yet
        expire(timer_of(node));
    }
    expiring = false;
}

void timer_expire_due(void)
{
    expire_due(NULL);
}

// The first timer is out of the wheel while the guest waits for it. So the wheel's earliest is the one that follows it, at
// no cost: it has to be found anyway, and one that has come due need not be taken out again.
static uint64_t wait(void)
{
    struct timer_wheel_node *node = timer_wheel_earliest(&wheel);
    struct event_window first = window_of(node);
    uint64_t end_ns = node->expiry_ns, why;
    bool timed_out;

    if (end_ns != TIME_NEVER)
        timer_wheel_cancel(&wheel, node);
    why = clock_event_block(first, window_of(timer_wheel_earliest(&wheel)));
    timed_out = (why & LULL_WOKE_TIMEOUT) != 0;
    if (timed_out && first.deadline_ns <= pages_vcpu()->block.woke_ns) {
        expire_due(timer_of(node));
    } else {
        if (end_ns != TIME_NEVER)
            timer_wheel_arm(&wheel, node, end_ns);
        if (timed_out) // by an event that had been on its way before
            expire_due(NULL);
    }
    return why & LULL_WOKE_IRQS;
}

uint64_t timer_idle(void)
{
    if (!clock_event_halts())
        return wait();
    clock_event_halt(window_of(timer_wheel_earliest(&wheel)));
    return 0;
}

void timer_interrupt(void)
{
    expire_due(NULL);
    timer_set_device();
}

const struct timer_wheel *timer_armed(void)
{
    return &wheel;
}

const struct timer_counts *timer_counts(void)
{
    return &counts;
}
