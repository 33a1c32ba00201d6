// SPDX-License-Identifier: BSD-2-Clause
// The self-test of the timer queue on the real hardware timer.

#include "monitor/selftest_timers.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/selftest.h"
#include "time/clock.h"
#include "time/timer.h"

#define PROBES 64u
#define PAST 8u // the first ones are armed for times that have passed
#define CANCEL_EVERY 4u
#define MOVE_EVERY 5u
#define LONGEST_NS (5 * NSEC_PER_MSEC)
#define END_NS (20 * NSEC_PER_MSEC) // behind every probe, moved ones included

// Spreads the deadlines: a prime, so that they are not in the order of arming.
#define SPREAD_NS 1370821u

struct probe {
    struct timer timer;
    bool canceled;
    unsigned int fired;
};

static struct probe probes[PROBES];
static struct timer end_timer;
static uint64_t last_deadline_ns;
static unsigned int early, disordered;

static void fire(struct timer *timer, uint64_t now_ns)
{
    struct probe *probe = container_of(timer, struct probe, timer);
    uint64_t deadline_ns = timer->node.expiry_ns;

    probe->fired++;
    early += now_ns < deadline_ns;
    disordered += deadline_ns < last_deadline_ns;
    last_deadline_ns = deadline_ns;
}

static void judge(struct timer *timer, uint64_t now_ns)
{
    unsigned int expected = 0, lost = 0, wrong = 0;

    (void)timer;
    (void)now_ns;
    for (unsigned int i = 0; i < PROBES; i++) {
        expected += !probes[i].canceled;
        lost += !probes[i].canceled && probes[i].fired == 0;
        wrong += probes[i].fired > !probes[i].canceled;
    }
    if (early + disordered + lost + wrong == 0) {
        selftest_report("timer-queue", SELFTEST_SUCCESS, "%u timers in order, none early", expected);
    } else {
        selftest_report("timer-queue", SELFTEST_FAILURE,
                        "of %u timers %u were early, %u out of order, %u lost, %u fired that should not",
                        expected, early, disordered, lost, wrong);
    }
    selftest_next();
}

void selftest_timers_start(void)
{
    uint64_t now_ns = clock_now_ns();

    for (unsigned int i = 0; i < PROBES; i++) {
        struct probe *probe = &probes[i];
        uint64_t delay_ns = (uint64_t)i * SPREAD_NS % LONGEST_NS;

        timer_setup(&probe->timer, TIMER_MONITOR, TIMER_NO_OWNER, fire);
        timer_arm(&probe->timer, i < PAST ? u64_sub_sat(now_ns, delay_ns) : now_ns + delay_ns);
        if (i % MOVE_EVERY == 0)
            timer_arm(&probe->timer, now_ns + LONGEST_NS + delay_ns);
        probe->canceled = i % CANCEL_EVERY == 0;
        if (probe->canceled)
            timer_cancel(&probe->timer);
    }
    timer_setup(&end_timer, TIMER_MONITOR, TIMER_NO_OWNER, judge);
    timer_arm(&end_timer, now_ns + END_NS);
}
