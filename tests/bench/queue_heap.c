// SPDX-License-Identifier: BSD-2-Clause
// A 4-ary heap in an array, the keys beside the pointers and the four children of a node in one cache line.

#include <stdlib.h>

#include "lib/time.h"

struct timer {
    uint64_t expiry_ns;
    size_t place; // index in the heap, plus 1; 0 while not armed
};

struct entry {
    uint64_t expiry_ns;
    struct timer *timer;
};

struct queue {
    struct entry *entries; // the root is entry 0, the children of i are 4 i + 1 .. 4 i + 4
    void *memory;
    size_t count;
};

#define ARITY 4u
#define LINE 64u

static inline void queue_start(struct queue *queue, size_t timers, uint64_t now_ns)
{
    size_t bytes = (timers + ARITY) * sizeof(struct entry);

    (void)now_ns;
    queue->memory = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (queue->memory == NULL)
        abort();
    // Entry 1 begins a cache line.
    queue->entries = (struct entry *)queue->memory + ARITY - 1;
    queue->count = 0;
}

static inline void queue_stop(struct queue *queue)
{
    free(queue->memory);
}

static inline void put(struct queue *queue, size_t i, struct entry entry)
{
    queue->entries[i] = entry;
    entry.timer->place = i + 1;
}

static inline size_t parent_of(size_t i)
{
    return (i - 1) / ARITY;
}

static inline void sift_up(struct queue *queue, size_t i, struct entry entry)
{
    while (i > 0 && queue->entries[parent_of(i)].expiry_ns > entry.expiry_ns) {
        put(queue, i, queue->entries[parent_of(i)]);
        i = parent_of(i);
    }
    put(queue, i, entry);
}

static inline void sift_down(struct queue *queue, size_t i, struct entry entry)
{
    const struct entry *entries = queue->entries;

    for (;;) {
        size_t least = ARITY * i + 1;
        size_t end = least + ARITY < queue->count ? least + ARITY : queue->count;

        if (least >= queue->count)
            break;
        for (size_t child = least + 1; child < end; child++)
            if (entries[child].expiry_ns < entries[least].expiry_ns)
                least = child;
        if (entries[least].expiry_ns >= entry.expiry_ns)
            break;
        put(queue, i, entries[least]);
        i = least;
    }
    put(queue, i, entry);
}

// Puts an entry where there is a hole.
static inline void fill(struct queue *queue, size_t i, struct entry entry)
{
    if (i > 0 && queue->entries[parent_of(i)].expiry_ns > entry.expiry_ns)
        sift_up(queue, i, entry);
    else
        sift_down(queue, i, entry);
}

static __attribute__((noinline)) void queue_cancel(struct queue *queue, struct timer *timer)
{
    size_t hole = timer->place - 1;

    if (timer->place == 0)
        return;
    timer->place = 0;
    queue->count--;
    if (hole != queue->count)
        fill(queue, hole, queue->entries[queue->count]);
}

static __attribute__((noinline)) void queue_arm(struct queue *queue, struct timer *timer, uint64_t expiry_ns)
{
    struct entry entry = { .expiry_ns = expiry_ns, .timer = timer };

    timer->expiry_ns = expiry_ns;
    if (timer->place != 0)
        fill(queue, timer->place - 1, entry);
    else
        sift_up(queue, queue->count++, entry);
}

static inline struct timer *queue_first(struct queue *queue)
{
    return queue->entries[0].timer;
}

static inline uint64_t queue_next_ns(struct queue *queue)
{
    return queue->count != 0 ? queue->entries[0].expiry_ns : TIME_NEVER;
}

static __attribute__((noinline)) struct timer *queue_pop(struct queue *queue, uint64_t now_ns)
{
    struct timer *timer;

    if (queue_next_ns(queue) > now_ns)
        return NULL;
    timer = queue_first(queue);
    queue_cancel(queue, timer);
    return timer;
}

static inline uint64_t timer_expiry_ns(const struct timer *timer)
{
    return timer->expiry_ns;
}

#include "contender_template.h"

const struct contender contender_heap = {
    .name = "4-ary heap",
    .timers_max = SIZE_MAX,
    .timer_bytes = sizeof(struct timer) + sizeof(struct entry),
    .fixed_bytes = sizeof(struct queue),
    CONTENDER_FUNCTIONS,
};
