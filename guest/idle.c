// SPDX-License-Identifier: BSD-2-Clause
// Tickless idle: nothing ready, so sleep until the earliest timer or for ever.
//
// The order is what matters. Interrupts go off first, then comes the look at the ready list, then the wait, in a call that
// looks at what is pending itself: an interrupt between the look and the call ends it at once. Looking with interrupts on,
// or enabling before waiting, would let a wake-up fall between.
#include "idle.h"

#include "dispatch.h"
#include "irq.h"
#include "thread.h"
#include "timer.h"
#include "watchdog.h"

static void wait(void)
{
    watchdog_idle();
    if (timer_idle() != 0)
        dispatch_pending();
}

_Noreturn void idle_loop(void)
{
    for (;;) {
        irq_disable();
        if (thread_any_ready())
            thread_yield();
        else
            wait();
    }
}
