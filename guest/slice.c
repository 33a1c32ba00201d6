// SPDX-License-Identifier: BSD-2-Clause
// The timer of the running thread's slice.
#include "slice.h"

#include "clock.h"
#include "thread.h"
#include "timer.h"

#include <lib/bits.h>

#define SLACK_NS (SLICE_NS / 10)

bool slice_begun;

static struct timer timer;
static bool over;

static void expired(struct timer *expired_timer)
{
    (void)expired_timer;
    over = true;
    thread_preempt_wanted = true;
}

void slice_init(void)
{
    timer_setup(&timer, expired);
}

void slice_begin(uint64_t length_ns)
{
    if (slice_begun)
        return;
    slice_begun = true;
    timer_arm_slack(&timer, clock_now_ns() + length_ns, SLACK_NS);
}

void slice_stop(void)
{
    slice_begun = over = false;
    if (timer_is_armed(&timer))
        timer_cancel(&timer);
}

uint64_t slice_left_ns(uint64_t otherwise)
{
    return timer_is_armed(&timer) ? u64_sub_sat(timer_deadline_ns(&timer), clock_now_ns()) : otherwise;
}

bool slice_is_over(void)
{
    return over;
}
