// SPDX-License-Identifier: BSD-2-Clause
// The guest's timers on the timer wheel.
#include "timer.h"

#include <stdbool.h>

#include "clock.h"
#include "clock_event.h"
#include "hypercall.h"
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
    timer->slack_ns = 0;
    timer->expired = expired;
}

static struct timer *timer_of(struct timer_wheel_node *node)
{
    return container_of(node, struct timer, node);
}

// The window of the timer that the device is to be set for: that which ends first.
struct window {
    uint64_t deadline_ns, slack_ns; // TIME_NEVER and 0 if there is none
};

static struct window first_window(void)
{
    struct timer_wheel_node *node = timer_wheel_earliest(&wheel);

    if (node->expiry_ns == TIME_NEVER)
        return (struct window){ .deadline_ns = TIME_NEVER };
    return (struct window){ timer_deadline_ns(timer_of(node)), timer_of(node)->slack_ns };
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    timer_arm_slack(timer, deadline_ns, 0);
}

void timer_arm_slack(struct timer *timer, uint64_t deadline_ns, uint64_t slack_ns)
{
    uint64_t end_ns = u64_add_sat(deadline_ns, slack_ns);
    bool enabled = irq_save();

    if (deadline_ns != TIME_NEVER && end_ns >= LULL_TIME_NEVER)
        end_ns = deadline_ns < LULL_TIME_NEVER ? LULL_TIME_NEVER - 1 : TIME_NEVER;
    timer->slack_ns = end_ns - deadline_ns;
    timer_wheel_arm(&wheel, &timer->node, end_ns);
    if (!expiring && !clock_event_is_periodic() && end_ns < clock_event_end_ns())
        clock_event_set(deadline_ns, timer->slack_ns);
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
    expiring = true;
    for (;;) {
        struct timer_wheel_node *node = timer_wheel_earliest(&wheel);
        struct timer *timer = timer_of(node);
        uint64_t now_ns =
            clock_now_ns(); // again for each: what falls due meanwhile needs no interrupt of its own

        if (node->expiry_ns == TIME_NEVER || timer_deadline_ns(timer) > now_ns)
            break;
        if (node->expiry_ns <= now_ns)
            timer_wheel_take(&wheel, node);
        else
            timer_wheel_cancel(&wheel, node); // before its end, to which the wheel's time must not move yet
        timer->expired(timer);
    }
    expiring = false;
}

void timer_set_device(void)
{
    struct window window = first_window();

    if (!clock_event_is_periodic() &&
        u64_add_sat(window.deadline_ns, window.slack_ns) != clock_event_end_ns())
        clock_event_set(window.deadline_ns, window.slack_ns);
}

uint64_t timer_idle(void)
{
    struct window window = first_window();
    uint64_t why;

    if (clock_event_halts()) {
        if (!clock_event_is_periodic())
            clock_event_set_for_halt(window.deadline_ns, window.slack_ns);
        hypercall_halt();
        return 0;
    }
    why = clock_event_block(window.deadline_ns, window.slack_ns);
    if ((why & LULL_WOKE_TIMEOUT) != 0)
        timer_expire_due();
    return why & LULL_WOKE_IRQS;
}

void timer_interrupt(void)
{
    timer_expire_due();
    timer_set_device();
}
