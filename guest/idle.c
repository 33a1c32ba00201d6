// SPDX-License-Identifier: BSD-2-Clause
// Tickless idle: nothing ready, so sleep until the earliest timer or for ever.
//
// The order is what matters. Interrupts go off first, then comes the look at the ready list, then the halt, which
// turns them on again and waits in one step. An interrupt between the look and the halt stays pending and ends
// the halt at once. Looking with interrupts on, or enabling before halting, would let a wake-up fall between.
#include "idle.h"

#include "hypercall.h"
#include "irq.h"
#include "thread.h"
#include "timer.h"

_Noreturn void idle_loop(void)
{
    for (;;) {
        irq_disable();
        if (thread_any_ready()) {
            thread_yield();
        } else {
            timer_before_idle();
            hypercall_halt();
        }
    }
}
