// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, wait queues, semaphores and condition variables: first come, first served; a time-out is never early; and where
// wake-up and time-out come at the same time, exactly one of them wins, so that no unit is lost or doubled.
#include "condition.h"
#include "mutex.h"
#include "random.h"
#include "semaphore.h"
#include "test.h"
#include "thread.h"
#include "timer.h"

#include <lib/time.h>

#define ROUNDS 400u
#define DELAY_NS 20000u
#define SPREAD_NS 4000u
#define WAITERS 3u

static struct semaphore semaphore;
static uint64_t taken[WAITERS], timed_out[WAITERS], posted;
static uint64_t seed = 1;
static struct timer poster;

static void post(struct timer *timer)
{
    (void)timer;
    semaphore_post(&semaphore);
    posted++;
}

static void check_counts(void)
{
    uint64_t deadline_ns = clock_now_ns() + 1000000;

    semaphore_init(&semaphore, 2);
    EXPECT(semaphore_try(&semaphore));
    EXPECT(semaphore_wait_until(&semaphore, 0)); // there is one: no deadline matters
    EXPECT(!semaphore_try(&semaphore));
    EXPECT(!semaphore_wait_until(&semaphore, 0));
    EXPECT(!semaphore_wait_until(&semaphore, deadline_ns));
    EXPECT(clock_now_ns() >= deadline_ns);
    semaphore_post(&semaphore);
    semaphore_wait(&semaphore);
    EXPECT_EQUAL(semaphore.count, 0);
}

// The post comes from a timer, about when the time is over: before, after, or in the same interrupt.
static void check_race_of_one(void)
{
    uint64_t got = 0, late = 0;

    semaphore_init(&semaphore, 0);
    timer_setup(&poster, post);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t now_ns = clock_now_ns();

        timer_arm(&poster, now_ns + DELAY_NS + random_next(&seed) % SPREAD_NS);
        if (semaphore_wait_until(&semaphore, now_ns + DELAY_NS + random_next(&seed) % SPREAD_NS)) {
            got++;
        } else {
            late++;
            semaphore_wait(&semaphore); // the unit comes all the same
        }
        EXPECT_EQUAL(semaphore.count, 0);
        EXPECT_EQUAL(posted, i + 1);
    }
    EXPECT(got > ROUNDS / 10);
    EXPECT(late > ROUNDS / 10);
}

static void wait_and_count(void *argument)
{
    uint64_t which = (uint64_t)argument;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t deadline_ns = clock_now_ns() + DELAY_NS + random_next(&seed) % SPREAD_NS;

        if (semaphore_wait_until(&semaphore, deadline_ns)) {
            taken[which]++;
        } else {
            EXPECT(clock_now_ns() >= deadline_ns);
            timed_out[which]++;
        }
    }
}

static void check_race_of_many(void)
{
    struct thread *threads[WAITERS];
    uint64_t all_taken = 0, all_timed_out = 0, all_posted = 0;

    semaphore_init(&semaphore, 0);
    for (uint64_t i = 0; i < WAITERS; i++)
        threads[i] = thread_create("waiter", wait_and_count, (void *)i);
    thread_yield(); // they wait
    while (taken[0] + timed_out[0] < ROUNDS) {
        thread_sleep((DELAY_NS + random_next(&seed) % SPREAD_NS) / 3);
        semaphore_post(&semaphore);
        all_posted++;
    }
    for (unsigned int i = 0; i < WAITERS; i++)
        thread_join(threads[i]);
    for (unsigned int i = 0; i < WAITERS; i++) {
        all_taken += taken[i];
        all_timed_out += timed_out[i];
    }
    EXPECT_EQUAL(all_taken + semaphore.count, all_posted);
    EXPECT_EQUAL(all_taken + all_timed_out, WAITERS * ROUNDS);
    EXPECT(all_timed_out > 0);
    EXPECT(all_taken > 0);
}

static struct mutex mutex;
static struct condition condition;
static unsigned int turn;

static void take_turn(void *argument)
{
    uint64_t mine = (uint64_t)argument;

    mutex_lock(&mutex);
    EXPECT(condition_wait_until(&condition, &mutex, TIME_NEVER));
    EXPECT_EQUAL(turn, mine); // in the order of waiting
    turn++;
    mutex_unlock(&mutex);
}

static void start_turns(struct thread *threads[WAITERS])
{
    turn = 0;
    for (uint64_t i = 0; i < WAITERS; i++)
        threads[i] = thread_create("turn", take_turn, (void *)i);
    thread_yield(); // they wait
}

static void check_condition(void)
{
    struct thread *threads[WAITERS];
    uint64_t deadline_ns = clock_now_ns() + 1000000;

    mutex_init(&mutex);
    condition_init(&condition);
    condition_signal(&condition); // forgotten
    mutex_lock(&mutex);
    EXPECT(!condition_wait_until(&condition, &mutex, deadline_ns));
    EXPECT(clock_now_ns() >= deadline_ns);
    EXPECT(!mutex_try(&mutex)); // it is ours again
    mutex_unlock(&mutex);

    start_turns(threads);
    condition_signal(&condition);
    thread_join(threads[0]);
    EXPECT_EQUAL(turn, 1);
    EXPECT(!thread_join_until(threads[1], NULL, clock_now_ns() + 1000000)); // one signal, one thread
    condition_broadcast(&condition);
    thread_join(threads[1]);
    thread_join(threads[2]);
    EXPECT_EQUAL(turn, WAITERS);
}

int test_main(void)
{
    check_counts();
    check_race_of_one();
    check_race_of_many();
    check_condition();
    return TEST_PASSED;
}
