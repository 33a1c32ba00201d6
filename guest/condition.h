// SPDX-License-Identifier: BSD-2-Clause
// Condition variables: to wait, under a mutex, until somebody says that what the mutex protects has changed.
//
//   mutex_lock(&mutex);                             mutex_lock(&mutex);
//   while (!ready && in_time)                       ready = true;
//       in_time = condition_wait_until(             condition_signal(&condition);
//           &condition, &mutex, deadline_ns);       mutex_unlock(&mutex);
//   mutex_unlock(&mutex);
//
// A signal that nobody waits for is forgotten. Whoever was woken looks again: others may have had the mutex before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

struct mutex;

struct condition {
    struct wait_queue waiters;
};

void condition_init(struct condition *condition);

// Unlocks the mutex and waits, in one step, and locks it again, however long that takes. True: signalled. False: the clock
// had reached deadline_ns (TIME_NEVER: never) before anybody did. From the thread that owns the mutex.
bool condition_wait_until(struct condition *condition, struct mutex *mutex, uint64_t deadline_ns);
void condition_wait(struct condition *condition, struct mutex *mutex);

// Wakes the first who waits, or all. Any context.
void condition_signal(struct condition *condition);
void condition_broadcast(struct condition *condition);
