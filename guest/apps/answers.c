// SPDX-License-Identifier: BSD-2-Clause
// work=answers: rings at the guest peer=, after random delays of which the mean is a millisecond, and does nothing else.
#include "apps.h"

#include "args.h"
#include "clock.h"
#include "doorbell.h"
#include "random.h"
#include "timer.h"

#include <lib/time.h>

#define DELAY_MIN_NS (200 * NSEC_PER_USEC)
#define DELAY_SPREAD_NS (1600 * NSEC_PER_USEC)

static struct timer timer;
static uint64_t peer, seed = 2;

static void answer(struct timer *expired)
{
    doorbell_ring(peer);
    timer_arm(expired, timer_deadline_ns(expired) + DELAY_MIN_NS + random_next(&seed) % DELAY_SPREAD_NS);
}

void answers_start(void)
{
    peer = args_u64("peer", 0, 0, UINT32_MAX);
    timer_setup(&timer, answer);
    timer_arm(&timer, clock_now_ns() + DELAY_MIN_NS);
}
