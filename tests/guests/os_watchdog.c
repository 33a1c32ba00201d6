// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, watchdog=4ms: a guest lives that idles for as long as it likes, or that comes to idle once in each such time, by any
// way of waiting; a millisecond of it other guests may have. With do=compute a thread then computes for ever, and with
// do=closed it does so with interrupts off: the watchdog ends it.
#include "irq.h"
#include "semaphore.h"
#include "test.h"
#include "thread.h"
#include "watchdog.h"

#include <lib/time.h>

#define ROUNDS 3u

int test_main(void)
{
    static struct semaphore never;
    uint64_t duration_ns = args_duration_ns("watchdog", 0, 1, UINT64_MAX);

    EXPECT(watchdog_wanted && duration_ns == 4 * NSEC_PER_MSEC);
    semaphore_init(&never, 0);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        test_spin(duration_ns * 3 / 4);
        thread_sleep(duration_ns * i / 2);
        test_spin(duration_ns * 3 / 4);
        EXPECT(!semaphore_wait_until(&never, clock_now_ns() + duration_ns * i / 4));
        for (uint64_t j = 0; j < 2 * ROUNDS; j++) {
            test_spin(duration_ns / 4);
            thread_sleep(duration_ns / 16);
        }
    }
    thread_sleep(100 * duration_ns);
    if (args_is("do", "closed"))
        irq_disable();
    if (args_is("do", "closed") || args_is("do", "compute"))
        test_spin(1000 * NSEC_PER_SEC);
    return TEST_PASSED;
}
