// SPDX-License-Identifier: BSD-2-Clause
// work=pulse: one timer with a fixed period and nothing else, in as little memory as this kernel can run in: no
// thread and no heap, so mem=8K is enough. It is what the machine is filled with to see how it bears many guests.
//
// Instances of one image start at phases that are spread over the period as if at random, but are the same in every
// run. The period is kept by adding to the deadline, so lateness does not add up.
#include "apps.h"

#include "args.h"
#include "clock.h"
#include "pages.h"
#include "random.h"
#include "timer.h"

#include <lib/time.h>

#define PERIOD_MIN_NS (100 * NSEC_PER_USEC)

static struct timer timer;
static uint64_t period_ns, slack_ns;

static void beat(struct timer *expired)
{
    timer_arm_slack(expired, timer_deadline_ns(expired) + period_ns, slack_ns);
}

static uint64_t phase_ns(void)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15) * (pages_start()->instance + 1);

    return random_next(&state) % period_ns;
}

void pulse_start(void)
{
    uint64_t start_ns = args_duration_ns("start", clock_now_ns(), 0, INT64_MAX);

    period_ns = args_duration_ns("period", NSEC_PER_SEC, PERIOD_MIN_NS, INT64_MAX);
    slack_ns = args_duration_ns("slack", 0, 0, INT64_MAX);
    timer_setup(&timer, beat);
    timer_arm_slack(&timer, start_ns + args_duration_ns("phase", phase_ns(), 0, INT64_MAX), slack_ns);
}
