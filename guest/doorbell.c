// SPDX-License-Identifier: BSD-2-Clause
// Doorbells: the interrupt, a flag and a wait queue.
#include "doorbell.h"

#include <stddef.h>

#include "hypercall.h"
#include "irq.h"
#include "thread.h"
#include "wait.h"

static struct wait_queue waiters;
static bool has_rung;
static void (*handler)(void);

void doorbell_init(void)
{
    wait_queue_init(&waiters);
}

bool doorbell_ring(uint64_t guest_id)
{
    return hypercall_doorbell(guest_id) == LULL_OK;
}

bool doorbell_wait_until(uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool rung = has_rung || wait_queue_wait(&waiters, deadline_ns);

    if (rung)
        has_rung = false;
    irq_restore(enabled);
    return rung;
}

void doorbell_forget(void)
{
    bool enabled = irq_save();

    has_rung = false;
    irq_restore(enabled);
}

void doorbell_set_handler(void (*rung)(void))
{
    handler = rung;
}

void doorbell_interrupt(void)
{
    has_rung = true;
    if (handler != NULL)
        handler();
    wait_queue_wake_one(&waiters);
}
