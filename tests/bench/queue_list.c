// SPDX-License-Identifier: BSD-2-Clause
// The obvious queue: a doubly linked list in order of expiry, searched from its end.

#include "lib/list.h"
#include "lib/time.h"

struct timer {
    struct list_node link;
    uint64_t expiry_ns;
};

struct queue {
    struct list_node timers;
};

static inline struct timer *timer_of(struct list_node *link)
{
    return container_of(link, struct timer, link);
}

static inline void queue_start(struct queue *queue, size_t timers, uint64_t now_ns)
{
    (void)timers;
    (void)now_ns;
    list_init(&queue->timers);
}

static inline void queue_stop(struct queue *queue)
{
    (void)queue;
}

static __attribute__((noinline)) void queue_cancel(struct queue *queue, struct timer *timer)
{
    (void)queue;
    if (timer->link.next == NULL)
        return;
    list_remove(&timer->link);
    timer->link.next = NULL;
}

static __attribute__((noinline)) void queue_arm(struct queue *queue, struct timer *timer, uint64_t expiry_ns)
{
    struct list_node *position = &queue->timers;

    if (timer->link.next != NULL)
        list_remove(&timer->link);
    timer->expiry_ns = expiry_ns;
    while (position->prev != &queue->timers && timer_of(position->prev)->expiry_ns > expiry_ns)
        position = position->prev;
    list_insert_before(position, &timer->link);
}

static inline struct timer *queue_first(struct queue *queue)
{
    return timer_of(queue->timers.next);
}

static inline uint64_t queue_next_ns(struct queue *queue)
{
    return list_empty(&queue->timers) ? TIME_NEVER : queue_first(queue)->expiry_ns;
}

static __attribute__((noinline)) struct timer *queue_pop(struct queue *queue, uint64_t now_ns)
{
    struct timer *timer = queue_first(queue);

    if (list_empty(&queue->timers) || timer->expiry_ns > now_ns)
        return NULL;
    list_remove(&timer->link);
    timer->link.next = NULL;
    return timer;
}

static inline uint64_t timer_expiry_ns(const struct timer *timer)
{
    return timer->expiry_ns;
}

#include "contender_template.h"

const struct contender contender_list = {
    .name = "sorted list",
    .timers_max = 1000,
    .timer_bytes = sizeof(struct timer),
    .fixed_bytes = sizeof(struct queue),
    CONTENDER_FUNCTIONS,
};
