// SPDX-License-Identifier: BSD-2-Clause
// What this guest does when the hypervisor calls it: one switch for interrupts, one report for exceptions.
#include "clock_event.h"
#include "doorbell.h"
#include "exception.h"
#include "irq.h"
#include "panic.h"
#include "tick.h"

void irq_dispatch(void)
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
        default:
            break;
        }
    }
}

// The kernel runs no code that may fault, so every exception is a bug.
void exception_dispatch(struct exception *exception)
{
    panic_exception(exception);
}
