// SPDX-License-Identifier: BSD-2-Clause
// The workloads, written once for all structures. A contender defines `struct queue`, `struct timer` and the
// functions queue_start, queue_stop, queue_arm, queue_cancel, queue_next_ns, queue_first, queue_pop and
// timer_expiry_ns, then includes this file and makes its `struct contender` with CONTENDER_FUNCTIONS.
//
// queue_arm, queue_cancel and queue_pop are calls in every contender, as they are in the hypervisor.

#include <stdlib.h>
#include <string.h>

#include "contender.h"

#define CALL __attribute__((noinline))

#define START_NS UINT64_C(1000000007)
#define PERIOD_NS UINT64_C(1000000)
#define CROWD_NS (START_NS + UINT64_C(1500000000))
#define CACHE_LINE 64

static const uint64_t periods_ns[] = { 1000000, 4000000, 10000000, 100000000, 1000000000 };

#define PERIODS (sizeof(periods_ns) / sizeof(periods_ns[0]))

// A timer is part of an object of its owner: no two share a cache line.
struct owner {
    struct timer timer;
} __attribute__((aligned(CACHE_LINE)));

static struct queue queue;
static struct owner *owners;
static const struct inputs *inputs;
static uint64_t now_ns;
static uint64_t step;

static uint64_t first_expiry_ns(enum workload workload, size_t i)
{
    switch (workload) {
    case WORKLOAD_PERIODIC:
        return START_NS + inputs->delay_ns[i % INPUTS] * 7919 % PERIOD_NS;
    case WORKLOAD_MIXED:
        return START_NS + inputs->delay_ns[i % INPUTS] * 7919 % periods_ns[i % PERIODS];
    case WORKLOAD_ADVERSARY:
    case WORKLOAD_TOGGLE:
        return CROWD_NS + 1 + inputs->crowd_ns[i % INPUTS];
    default:
        return START_NS + inputs->delay_ns[i % INPUTS];
    }
}

static void start(enum workload workload, size_t timers, const struct inputs *given)
{
    owners = aligned_alloc(CACHE_LINE, timers * sizeof(owners[0]));
    if (owners == NULL)
        abort();
    memset(owners, 0, timers * sizeof(owners[0]));
    inputs = given;
    now_ns = START_NS;
    step = timers;
    queue_start(&queue, timers, START_NS);
    for (size_t i = 0; i < timers; i++)
        queue_arm(&queue, &owners[i].timer, first_expiry_ns(workload, i));
}

static void stop(void)
{
    queue_stop(&queue);
    free(owners);
}

static inline struct timer *expire(void)
{
    uint64_t next_ns = queue_next_ns(&queue);

    if (next_ns > now_ns)
        now_ns = next_ns;
    return queue_pop(&queue, now_ns);
}

static uint64_t run(enum workload workload, uint64_t operations)
{
    uint64_t end = step + operations;
    uint64_t sum = 0;

    switch (workload) {
    case WORKLOAD_REARM:
    case WORKLOAD_REARM_NEXT:
        for (; step != end; step++) {
            struct timer *timer = &owners[inputs->timer[step % INPUTS]].timer;

            queue_cancel(&queue, timer);
            queue_arm(&queue, timer, START_NS + inputs->delay_ns[step % INPUTS]);
            if (workload == WORKLOAD_REARM_NEXT)
                sum += queue_next_ns(&queue);
        }
        break;
    case WORKLOAD_ONESHOT:
        for (; step != end; step++) {
            struct timer *timer = expire();

            sum += now_ns;
            queue_arm(&queue, timer, now_ns + inputs->delay_ns[step % INPUTS]);
        }
        break;
    case WORKLOAD_PERIODIC:
        for (; step != end; step++) {
            struct timer *timer = expire();

            sum += now_ns;
            queue_arm(&queue, timer, timer_expiry_ns(timer) + PERIOD_NS);
        }
        break;
    case WORKLOAD_MIXED:
        for (; step != end; step++) {
            struct timer *timer = expire();
            size_t i = (size_t)((char *)timer - (char *)owners) / sizeof(owners[0]);

            sum += now_ns;
            queue_arm(&queue, timer, timer_expiry_ns(timer) + periods_ns[i % PERIODS]);
        }
        break;
    case WORKLOAD_ADVERSARY:
        for (; step != end; step++) {
            struct timer *timer = queue_first(&queue);

            queue_cancel(&queue, timer);
            queue_arm(&queue, timer, CROWD_NS + 1 + inputs->crowd_ns[step % INPUTS]);
            sum += queue_next_ns(&queue);
        }
        break;
    default: // WORKLOAD_TOGGLE
        for (; step != end; step++) {
            queue_cancel(&queue, &owners[0].timer);
            sum += queue_next_ns(&queue);
            queue_arm(&queue, &owners[0].timer, CROWD_NS);
            sum += queue_next_ns(&queue);
        }
        break;
    }
    return sum;
}

#define CONTENDER_FUNCTIONS .start = start, .run = run, .stop = stop
