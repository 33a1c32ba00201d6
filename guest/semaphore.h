// SPDX-License-Identifier: BSD-2-Clause
// Counting semaphores. Who waits is served in order; a unit that is posted while somebody waits goes to the first.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

struct semaphore {
    uint64_t count;
    struct wait_queue waiters; // none while count is not 0
};

void semaphore_init(struct semaphore *semaphore, uint64_t count);

// Takes a unit, and waits for it at most until the clock has reached deadline_ns (TIME_NEVER: for ever). False: too late.
// From a thread.
bool semaphore_wait_until(struct semaphore *semaphore, uint64_t deadline_ns);
void semaphore_wait(struct semaphore *semaphore);

// Takes a unit if there is one. Any context.
bool semaphore_try(struct semaphore *semaphore);

// Gives a unit. Any context.
void semaphore_post(struct semaphore *semaphore);
