// SPDX-License-Identifier: BSD-2-Clause
// The timer wheel, as the hypervisor uses it.

#include "lib/timer_wheel.h"

struct timer {
    struct timer_wheel_node node;
};

struct queue {
    struct timer_wheel wheel;
};

static inline struct timer *timer_of(struct timer_wheel_node *node)
{
    return container_of(node, struct timer, node);
}

static inline void queue_start(struct queue *queue, size_t timers, uint64_t now_ns)
{
    (void)timers;
    timer_wheel_init(&queue->wheel, now_ns);
}

static inline void queue_stop(struct queue *queue)
{
    (void)queue;
}

static inline void queue_arm(struct queue *queue, struct timer *timer, uint64_t expiry_ns)
{
    timer_wheel_arm(&queue->wheel, &timer->node, expiry_ns);
}

static inline void queue_cancel(struct queue *queue, struct timer *timer)
{
    timer_wheel_cancel(&queue->wheel, &timer->node);
}

static inline struct timer *queue_first(struct queue *queue)
{
    return timer_of(timer_wheel_earliest(&queue->wheel));
}

static inline uint64_t queue_next_ns(struct queue *queue)
{
    return timer_wheel_next_ns(&queue->wheel);
}

static inline struct timer *queue_pop(struct queue *queue, uint64_t now_ns)
{
    return timer_of(timer_wheel_pop(&queue->wheel, now_ns));
}

static inline uint64_t timer_expiry_ns(const struct timer *timer)
{
    return timer->node.expiry_ns;
}

#include "contender_template.h"

const struct contender contender_wheel = {
    .name = "wheel",
    .timers_max = SIZE_MAX,
    .timer_bytes = sizeof(struct timer),
    .fixed_bytes = sizeof(struct queue),
    CONTENDER_FUNCTIONS,
};
