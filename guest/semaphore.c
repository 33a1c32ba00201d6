// SPDX-License-Identifier: BSD-2-Clause
// Counting semaphores.
#include "semaphore.h"

#include "irq.h"
#include "thread.h"

#include <lib/time.h>

void semaphore_init(struct semaphore *semaphore, uint64_t count)
{
    semaphore->count = count;
    wait_queue_init(&semaphore->waiters);
}

bool semaphore_try(struct semaphore *semaphore)
{
    bool enabled = irq_save();
    bool taken = semaphore->count > 0;

    semaphore->count -= taken;
    irq_restore(enabled);
    return taken;
}

bool semaphore_wait_until(struct semaphore *semaphore, uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool taken = semaphore_try(semaphore) || wait_queue_wait(&semaphore->waiters, deadline_ns);

    irq_restore(enabled);
    return taken;
}

void semaphore_wait(struct semaphore *semaphore)
{
    semaphore_wait_until(semaphore, TIME_NEVER);
}

void semaphore_post(struct semaphore *semaphore)
{
    bool enabled = irq_save();

    if (wait_queue_wake_one(&semaphore->waiters) == NULL)
        semaphore->count++;
    thread_restore(enabled);
}
