// SPDX-License-Identifier: BSD-2-Clause
// Doorbells between guests: one bit, no data. Rings merge, so a ring says "look", never how often.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Called once, after thread_init().
void doorbell_init(void);

// Rings at a guest, the caller's own too. False: no living guest has that id. Any context.
bool doorbell_ring(uint64_t guest_id);

// Waits until somebody has rung since the last such wait was over, at most until the clock has reached deadline_ns
// (TIME_NEVER: for ever). False: nobody has. From one thread at a time.
bool doorbell_wait_until(uint64_t deadline_ns);

// Forgets the rings until now, which were not for who waits from now on. From the thread that waits.
void doorbell_forget(void);

// Calls `rung` at each ring, with interrupts off, before whoever waits; null: nobody. Any context.
void doorbell_set_handler(void (*rung)(void));

// Somebody has rung; called by dispatch.c with interrupts off.
void doorbell_interrupt(void);
