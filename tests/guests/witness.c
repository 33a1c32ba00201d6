// SPDX-License-Identifier: BSD-2-Clause
// An honest guest that lives beside the hostile ones for for= of the machine's time (a second unless given). All the
// while it checks that its memory keeps its pattern, its clock never goes back, its timers are never early, and the
// stamps of each event are in order. It prints how late its events were and exits with 0 when all was well.
#include "test.h"

#include "random.h"

#include <lib/histogram.h>
#include <lib/time.h>

#define PATTERN UINT64_C(0xa5a5000000000000)
#define STACK_IN_USE 16384u
#define DELAY_BITS 21u // up to about 2 ms

static struct histogram lateness;

static void each_word(void (*visit)(volatile uint64_t *word))
{
    volatile uint64_t *word = (volatile uint64_t *)pages_start()->ram_start;
    volatile uint64_t *end = (volatile uint64_t *)(pages_start()->ram_end - STACK_IN_USE);

    for (; word < end; word++)
        visit(word);
}

static void set(volatile uint64_t *word)
{
    *word = PATTERN ^ (uint64_t)word;
}

static void check(volatile uint64_t *word)
{
    EXPECT_EQUAL(*word, PATTERN ^ (uint64_t)word);
}

int test_main(void)
{
    uint64_t end_ns = clock_now_ns() + args_duration_ns("for", NSEC_PER_SEC, 1, TIME_NEVER / 2);
    uint64_t seed = 1 + pages_start()->guest_id;
    uint64_t last_ns = 0;

    histogram_reset(&lateness);
    each_word(set);
    while (last_ns < end_ns) {
        uint64_t delay_ns = random_log(&seed, DELAY_BITS);
        uint64_t armed_ns = clock_now_ns();

        EXPECT(armed_ns >= last_ns);
        test_sleep(delay_ns);
        EXPECT(test_timer_ns >= armed_ns + delay_ns);
        EXPECT(pages_vcpu()->timer.deadline_ns <= pages_vcpu()->timer.fired_ns);
        last_ns = test_timer_ns;
        histogram_add(&lateness, last_ns - armed_ns - delay_ns);
        if (test_timer_count % 64 == 0)
            each_word(check);
    }
    each_word(check);
    console_print("witness: %lu events, late by median %lu p99 %lu max %lu ns\n", lateness.count,
                  histogram_quantile(&lateness, 500), histogram_quantile(&lateness, 990), lateness.max_ns);
    return TEST_PASSED;
}
