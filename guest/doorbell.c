// SPDX-License-Identifier: BSD-2-Clause
// Doorbells: the interrupt, a flag and the thread that waits.
#include "doorbell.h"

#include <stddef.h>

#include "hypercall.h"
#include "irq.h"
#include "thread.h"

static bool has_rung;
static struct thread *waiter;

bool doorbell_ring(uint64_t guest_id)
{
    return hypercall_doorbell(guest_id) == LULL_OK;
}

bool doorbell_wait_until(uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool rung = has_rung;

    if (!rung) {
        waiter = thread_current();
        rung = thread_block_until(deadline_ns, 0);
        waiter = NULL;
    }
    if (rung)
        has_rung = false;
    irq_restore(enabled);
    return rung;
}

void doorbell_interrupt(void)
{
    has_rung = true;
    if (waiter != NULL)
        thread_wake(waiter);
}
