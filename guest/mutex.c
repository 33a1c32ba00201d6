// SPDX-License-Identifier: BSD-2-Clause
// Mutexes: the owner changes inside mutex_unlock(), so nobody can overtake the first who waits.
#include "mutex.h"

#include <stddef.h>

#include "irq.h"
#include "panic.h"
#include "thread.h"

#include <lib/time.h>

void mutex_init(struct mutex *mutex)
{
    mutex->owner = NULL;
    wait_queue_init(&mutex->waiters);
}

bool mutex_try(struct mutex *mutex)
{
    bool enabled = irq_save();
    bool locked = mutex->owner == NULL;

    if (locked)
        mutex->owner = thread_current();
    irq_restore(enabled);
    return locked;
}

bool mutex_lock_until(struct mutex *mutex, uint64_t deadline_ns)
{
    bool enabled = irq_save();
    bool locked;

    if (mutex->owner == thread_current())
        panic("thread %s locks a mutex that it has locked already", thread_current()->name);
    locked = mutex_try(mutex) || wait_queue_wait(&mutex->waiters, deadline_ns);
    irq_restore(enabled);
    return locked;
}

void mutex_lock(struct mutex *mutex)
{
    mutex_lock_until(mutex, TIME_NEVER);
}

void mutex_unlock(struct mutex *mutex)
{
    bool enabled = irq_save();

    if (mutex->owner != thread_current())
        panic("thread %s unlocks a mutex of %s", thread_current()->name,
              mutex->owner != NULL ? mutex->owner->name : "nobody");
    mutex->owner = wait_queue_wake_one(&mutex->waiters);
    thread_restore(enabled);
}
