// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, mutexes: with threads that are pre-empted anywhere, one at a time is inside; hand-over in order; time-outs; and a
// mutex that its owner locks again (again=1), or that somebody else unlocks (other=1), is a panic.
#include "mutex.h"
#include "slice.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define THREADS 3u
#define ROUNDS 30u
#define INSIDE_NS (SLICE_NS / 4)

static struct mutex mutex;
static volatile unsigned int inside;
static volatile uint64_t sum, runs;
static unsigned int next_turn;

// Long enough that slices end inside, too.
static void work(void *argument)
{
    (void)argument;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t before;

        mutex_lock(&mutex);
        EXPECT_EQUAL(inside, 0);
        inside++;
        before = sum;
        test_spin(INSIDE_NS);
        sum = before + 1;
        inside--;
        mutex_unlock(&mutex);
        test_spin(INSIDE_NS / 3);
    }
    runs += thread_current()->runs;
}

static void check_exclusion(void)
{
    struct thread *threads[THREADS];

    mutex_init(&mutex);
    for (unsigned int i = 0; i < THREADS; i++)
        threads[i] = thread_create("worker", work, NULL);
    for (unsigned int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    EXPECT_EQUAL(sum, THREADS * ROUNDS);
    EXPECT(runs > THREADS * 10);
}

static void take_turn(void *argument)
{
    mutex_lock(&mutex);
    EXPECT_EQUAL(next_turn, (uint64_t)argument);
    next_turn++;
    thread_sleep(1000);
    mutex_unlock(&mutex);
}

static void try_in_vain(void *argument)
{
    uint64_t deadline_ns = clock_now_ns() + NSEC_PER_MSEC;

    (void)argument;
    EXPECT(!mutex_try(&mutex));
    EXPECT(!mutex_lock_until(&mutex, 0));
    EXPECT(!mutex_lock_until(&mutex, deadline_ns));
    EXPECT(clock_now_ns() >= deadline_ns);
}

static void check_order(void)
{
    struct thread *threads[THREADS];

    mutex_init(&mutex);
    EXPECT(mutex_try(&mutex));
    thread_join(thread_create("vain", try_in_vain, NULL));
    for (uint64_t i = 0; i < THREADS; i++)
        threads[i] = thread_create("turn", take_turn, (void *)i);
    thread_yield();
    mutex_unlock(&mutex);
    EXPECT(!mutex_try(&mutex)); // it was handed over already
    for (unsigned int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    EXPECT(mutex_lock_until(&mutex, 0)); // it is free: no deadline matters
    EXPECT_EQUAL(next_turn, THREADS);
}

static void unlock(void *argument)
{
    (void)argument;
    mutex_unlock(&mutex);
}

int test_main(void)
{
    check_exclusion();
    check_order();
    if (args_is("again", "1"))
        mutex_lock(&mutex);
    if (args_is("other", "1"))
        thread_join(thread_create("other", unlock, NULL));
    return TEST_PASSED;
}
