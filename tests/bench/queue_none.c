// SPDX-License-Identifier: BSD-2-Clause
// No queue at all: what the benchmark's own loops cost.

#include <stddef.h>
#include <stdint.h>

struct timer {
    uint64_t expiry_ns;
};

struct queue {
    struct timer *last;
    uint64_t next_ns;
};

static inline void queue_start(struct queue *queue, size_t timers, uint64_t now_ns)
{
    (void)timers;
    queue->next_ns = now_ns;
}

static inline void queue_stop(struct queue *queue)
{
    queue->last = NULL;
}

static __attribute__((noinline)) void queue_arm(struct queue *queue, struct timer *timer, uint64_t expiry_ns)
{
    timer->expiry_ns = expiry_ns;
    queue->last = timer;
}

static __attribute__((noinline)) void queue_cancel(struct queue *queue, struct timer *timer)
{
    queue->last = timer;
}

static inline uint64_t queue_next_ns(struct queue *queue)
{
    return ++queue->next_ns;
}

static inline struct timer *queue_first(struct queue *queue)
{
    return queue->last;
}

static __attribute__((noinline)) struct timer *queue_pop(struct queue *queue, uint64_t now_ns)
{
    queue->next_ns = now_ns;
    return queue->last;
}

static inline uint64_t timer_expiry_ns(const struct timer *timer)
{
    return timer->expiry_ns;
}

#include "contender_template.h"

const struct contender contender_none = {
    .name = "nothing",
    .timers_max = SIZE_MAX,
    CONTENDER_FUNCTIONS,
};
