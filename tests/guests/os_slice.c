// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, slices: a thread that computes alone is not interrupted once; two share the CPU fairly, also when a third one of
// higher priority keeps interrupting; and when they have ended nothing is armed.
#include "slice.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define ALONE_NS (100 * NSEC_PER_MSEC)
#define SHARED_NS (200 * NSEC_PER_MSEC)
#define SPINNERS 3u

static volatile uint64_t turns[SPINNERS];
static uint64_t runs[SPINNERS];
static volatile bool over;

static uint64_t timer_events(void)
{
    return pages_vcpu()->timer_count;
}

static void spin(void *argument)
{
    uint64_t which = (uint64_t)argument;

    while (!over)
        turns[which]++;
    runs[which] = thread_current()->runs;
}

static void interrupt_often(void *argument)
{
    (void)argument;
    while (!over)
        thread_sleep(SLICE_NS / 3);
}

static void ended(void *argument)
{
    (void)argument;
}

// The shares of `count` spinners in SHARED_NS: none may have a third less than an equal one.
static void check_fairness(unsigned int count)
{
    struct thread *threads[SPINNERS];
    uint64_t sum = 0;

    over = false;
    for (uint64_t i = 0; i < count; i++) {
        turns[i] = 0;
        threads[i] = thread_create("spinner", spin, (void *)i);
    }
    thread_sleep(SHARED_NS);
    over = true;
    for (unsigned int i = 0; i < count; i++)
        thread_join(threads[i]);
    for (unsigned int i = 0; i < count; i++)
        sum += turns[i];
    for (unsigned int i = 0; i < count; i++) {
        EXPECT(runs[i] >= 3);
        EXPECT(turns[i] > sum / count / 3 * 2);
    }
}

int test_main(void)
{
    uint64_t before = timer_events();
    struct thread *often, *lower;

    test_spin(ALONE_NS);
    EXPECT_EQUAL(timer_events(), before);

    lower = thread_create_with(
        &(struct thread_config){ .name = "lower", .entry = ended, .priority = THREAD_PRIORITY_LOWEST });
    test_spin(ALONE_NS); // beside one that is ready, and need not be let
    EXPECT_EQUAL(timer_events(), before);
    thread_join(lower);

    thread_set_priority(THREAD_PRIORITY_HIGHEST); // so that this thread ends what it begins
    check_fairness(2);
    EXPECT(timer_events() > before);
    check_fairness(3);

    over = false;
    often = thread_create_with(&(struct thread_config){
        .name = "often", .entry = interrupt_often, .priority = THREAD_PRIORITY_NORMAL + 1 });
    check_fairness(2);
    thread_join(often);

    before = timer_events();
    test_spin(ALONE_NS);
    EXPECT_EQUAL(timer_events(), before);
    return TEST_PASSED;
}
