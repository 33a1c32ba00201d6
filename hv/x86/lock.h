// SPDX-License-Identifier: BSD-2-Clause
// A lock for the few things that two CPUs can really use at the same time: the log, the serial line, the screen,
// the clock's cross-check. All else belongs to one CPU (vm/mail.h).
//
// Held with interrupts off for a bounded time, and never while waiting for another CPU. Not to be taken twice by one
// CPU.
#pragma once

#include <stdint.h>

#include "x86/pause.h"

struct lock {
    uint32_t taken; // atomic
};

static inline void lock_take(struct lock *lock)
{
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0)
        while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED) != 0)
            pause();
}

static inline void lock_release(struct lock *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
