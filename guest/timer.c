// SPDX-License-Identifier: BSD-2-Clause
// The guest's timers on the timer wheel.
#include "timer.h"

#include <stdbool.h>

#include "clock.h"
#include "clock_event.h"
#include "irq.h"

static struct timer_wheel wheel;

// While the callbacks run, arming leaves the device alone: it is set once, after the last of them.
static bool expiring;

void timer_init(void)
{
    timer_wheel_init(&wheel, clock_now_ns());
}

void timer_setup(struct timer *timer, void (*expired)(struct timer *timer))
{
    timer_wheel_node_init(&timer->node);
    timer->expired = expired;
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    bool enabled = irq_save();

    timer_wheel_arm(&wheel, &timer->node, deadline_ns);
    if (!expiring && !clock_event_is_periodic() && deadline_ns < clock_event_deadline_ns())
        clock_event_set(deadline_ns);
    irq_restore(enabled);
}

void timer_cancel(struct timer *timer)
{
    bool enabled = irq_save();

    timer_wheel_cancel(&wheel, &timer->node);
    irq_restore(enabled);
}

void timer_expire_due(void)
{
    struct timer_wheel_node *node;

    expiring = true;
    // The clock is read again for each, so what falls due meanwhile needs no interrupt of its own.
    while ((node = timer_wheel_pop(&wheel, clock_now_ns())) != NULL) {
        struct timer *timer = container_of(node, struct timer, node);

        timer->expired(timer);
    }
    expiring = false;
}

void timer_before_idle(void)
{
    uint64_t next_ns = timer_wheel_next_ns(&wheel);

    if (!clock_event_is_periodic() && next_ns != clock_event_deadline_ns())
        clock_event_set_for_halt(next_ns);
}

void timer_interrupt(void)
{
    timer_expire_due();
    if (!clock_event_is_periodic() && timer_wheel_next_ns(&wheel) != clock_event_deadline_ns())
        clock_event_set(timer_wheel_next_ns(&wheel));
}
