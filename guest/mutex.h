// SPDX-License-Identifier: BSD-2-Clause
// Mutual exclusion. A mutex has an owner, is handed over in the order in which threads asked for it, and does not nest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

struct mutex {
    struct thread *owner; // null: free
    struct wait_queue waiters;
};

void mutex_init(struct mutex *mutex);

// Makes the caller the owner, waiting for it at most until the clock has reached deadline_ns (TIME_NEVER: for ever).
// False: too late, somebody else is. Panics if the caller is the owner already. From a thread, as all here.
bool mutex_lock_until(struct mutex *mutex, uint64_t deadline_ns);
void mutex_lock(struct mutex *mutex);

// Makes the caller the owner if nobody is.
bool mutex_try(struct mutex *mutex);

// Makes the first who waits the owner, if anybody does. Panics if the caller is not the owner.
void mutex_unlock(struct mutex *mutex);
