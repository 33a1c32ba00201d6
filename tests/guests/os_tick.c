// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, the operator's tick (tick=, every millisecond): a thread that never waits gets its timer in either mode. From
// ticks to tickless (from=1000, tick=0) the device is set for it at once, for nothing else would; from tickless to
// ticks it is a tick that finds it.
#include "clock_event.h"
#include "test.h"
#include "tick.h"
#include "timer.h"

#include <lib/time.h>

#define DELAY_NS (50 * NSEC_PER_MSEC)

static volatile bool came;

static void note(struct timer *timer)
{
    EXPECT(clock_now_ns() >= timer_deadline_ns(timer));
    came = true;
}

int test_main(void)
{
    volatile struct lull_vcpu_page *page = pages_vcpu();
    uint64_t hz = args_u64("from", 0, 0, TICK_HZ_MAX), deadline_ns = clock_now_ns() + DELAY_NS, held_ns;
    struct timer timer;

    irq_disable();
    if (hz != 0)
        tick_start(hz);
    tick_obey();
    irq_enable();
    timer_setup(&timer, note);
    timer_arm(&timer, deadline_ns);
    while (clock_event_is_periodic() == (hz != 0)) {
    }

    irq_disable();
    page->guest_features = 0; // it need not be asked again
    EXPECT_EQUAL(clock_event_is_periodic(), page->tick_hz != 0);
    held_ns = page->armed_until_ns;
    EXPECT(came || page->tick_hz != 0 || held_ns == deadline_ns || clock_now_ns() >= deadline_ns);
    irq_enable();
    while (!came) {
    }
    return TEST_PASSED;
}
