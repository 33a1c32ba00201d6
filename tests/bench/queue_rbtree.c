// SPDX-License-Identifier: BSD-2-Clause
// The red-black tree of sys/tree.h (package libbsd-dev) with its first node cached.

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/time.h"

struct timer {
    RB_ENTRY(timer) entry;
    uint64_t expiry_ns;
    bool armed;
};

RB_HEAD(timer_tree, timer);

struct queue {
    struct timer_tree tree;
    struct timer *first;
};

// Equal expiries go to the right of those that are there.
static inline int compare(const struct timer *a, const struct timer *b)
{
    return a->expiry_ns < b->expiry_ns ? -1 : 1;
}

// The header's own static form needs a macro that glibc's headers do not have.
RB_GENERATE_INTERNAL(timer_tree, timer, entry, compare, static __attribute__((unused)))

static inline void queue_start(struct queue *queue, size_t timers, uint64_t now_ns)
{
    (void)timers;
    (void)now_ns;
    RB_INIT(&queue->tree);
    queue->first = NULL;
}

static inline void queue_stop(struct queue *queue)
{
    (void)queue;
}

static __attribute__((noinline)) void queue_cancel(struct queue *queue, struct timer *timer)
{
    if (!timer->armed)
        return;
    timer->armed = false;
    if (timer == queue->first)
        queue->first = RB_NEXT(timer_tree, &queue->tree, timer);
    RB_REMOVE(timer_tree, &queue->tree, timer);
}

static __attribute__((noinline)) void queue_arm(struct queue *queue, struct timer *timer, uint64_t expiry_ns)
{
    queue_cancel(queue, timer);
    timer->armed = true;
    timer->expiry_ns = expiry_ns;
    RB_INSERT(timer_tree, &queue->tree, timer);
    if (queue->first == NULL || expiry_ns < queue->first->expiry_ns)
        queue->first = timer;
}

static inline struct timer *queue_first(struct queue *queue)
{
    return queue->first;
}

static inline uint64_t queue_next_ns(struct queue *queue)
{
    return queue->first != NULL ? queue->first->expiry_ns : TIME_NEVER;
}

static __attribute__((noinline)) struct timer *queue_pop(struct queue *queue, uint64_t now_ns)
{
    struct timer *timer = queue->first;

    if (timer == NULL || timer->expiry_ns > now_ns)
        return NULL;
    queue_cancel(queue, timer);
    return timer;
}

static inline uint64_t timer_expiry_ns(const struct timer *timer)
{
    return timer->expiry_ns;
}

#include "contender_template.h"

const struct contender contender_rbtree = {
    .name = "red-black tree",
    .timers_max = SIZE_MAX,
    .timer_bytes = sizeof(struct timer),
    .fixed_bytes = sizeof(struct queue),
    CONTENDER_FUNCTIONS,
};
