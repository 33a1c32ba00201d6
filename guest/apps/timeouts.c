// SPDX-License-Identifier: BSD-2-Clause
// work=timeouts: eight threads, each of which asks for something, waits for the answer, and has a time-out armed meanwhile,
// as a network program does. One answer in sixty-four is later than its time-out; all other time-outs are cancelled.
#include "apps.h"

#include "args.h"
#include "clock.h"
#include "memory.h"
#include "pages.h"
#include "random.h"
#include "thread.h"
#include "timer.h"

#include <lib/time.h>

#define THREADS 8u
#define TIMEOUT_NS (50 * NSEC_PER_MSEC)
#define ANSWER_MIN_NS (200 * NSEC_PER_USEC)
#define ANSWER_SPREAD_NS (10 * NSEC_PER_MSEC)
#define LATE_ANSWERS 64u // one in so many

struct asker {
    struct timer timeout;
    uint64_t seed;
    uint64_t timeouts; // that came
};

static void timed_out(struct timer *timer)
{
    container_of(timer, struct asker, timeout)->timeouts++;
}

static void ask(void *argument)
{
    struct asker *asker = argument;

    for (;;) {
        uint64_t answer_ns = ANSWER_MIN_NS + random_next(&asker->seed) % ANSWER_SPREAD_NS;

        if (random_next(&asker->seed) % LATE_ANSWERS == 0)
            answer_ns += TIMEOUT_NS;
        timer_arm(&asker->timeout, clock_now_ns() + TIMEOUT_NS);
        thread_sleep(answer_ns);
        timer_cancel(&asker->timeout);
    }
}

void timeouts_start(void)
{
    for (unsigned int i = 0; i < THREADS; i++) {
        struct asker *asker = memory_take(sizeof *asker);

        asker->seed = UINT64_C(0x9e3779b97f4a7c15) * (pages_start()->instance * THREADS + i + 1);
        timer_setup(&asker->timeout, timed_out);
        thread_create("asker", ask, asker);
    }
}
