// SPDX-License-Identifier: BSD-2-Clause
// What this guest does when the hypervisor calls it: one switch for interrupts, one report for exceptions.
#include "dispatch.h"

#include "clock_event.h"
#include "console_input.h"
#include "doorbell.h"
#include "exception.h"
#include "irq.h"
#include "panic.h"
#include "thread.h"
#include "tick.h"

void dispatch_pending(void)
{
    unsigned int irq;

    while (irq_claim(&irq)) {
        switch (irq) {
        case LULL_IRQ_TIMER:
            clock_event_interrupt();
            break;
        case LULL_IRQ_DOORBELL:
            doorbell_interrupt();
            break;
        case LULL_IRQ_TICK:
            tick_switch();
            break;
        case LULL_IRQ_CONSOLE:
            console_input_interrupt();
            break;
        default:
            break;
        }
    }
}

// The upcall's frame and registers stay on the stack of the thread that is pre-empted here, and it leaves the upcall when it
// goes on.
void irq_dispatch(void)
{
    dispatch_pending();
    if (thread_preempt_wanted)
        thread_preempt();
}

// The kernel runs no code that may fault, so every exception is a bug.
void exception_dispatch(struct exception *exception)
{
    panic_exception(exception);
}
