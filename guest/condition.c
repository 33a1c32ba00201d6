// SPDX-License-Identifier: BSD-2-Clause
// Condition variables.
#include "condition.h"

#include "irq.h"
#include "mutex.h"
#include "thread.h"

#include <lib/time.h>

void condition_init(struct condition *condition)
{
    wait_queue_init(&condition->waiters);
}

// Interrupts stay off from the unlocking to the waiting, so no signal falls between.
bool condition_wait_until(struct condition *condition, struct mutex *mutex, uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool signalled;

    mutex_unlock(mutex);
    signalled = wait_queue_wait(&condition->waiters, deadline_ns);
    irq_restore(enabled);
    mutex_lock(mutex);
    return signalled;
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
    condition_wait_until(condition, mutex, TIME_NEVER);
}

void condition_signal(struct condition *condition)
{
    bool enabled = irq_save();

    wait_queue_wake_one(&condition->waiters);
    thread_restore(enabled);
}

void condition_broadcast(struct condition *condition)
{
    bool enabled = irq_save();

    wait_queue_wake_all(&condition->waiters);
    thread_restore(enabled);
}
