// SPDX-License-Identifier: BSD-2-Clause
// The micro-benchmark's operations that wait for an interrupt. Interrupts off at the call and at the return of all.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Ticks of the TSC in so many nanoseconds, below 2^60; rounded down.
uint64_t micro_wait_ticks(uint64_t ns);

// Arms a one-shot a random 20 .. 60 us ahead.
void micro_wait_arm(void);

// Wait for what was armed, spinning or halted. The sample is the ticks from the deadline to the first instruction
// of the interrupt entry.
void micro_wait_running(void);
void micro_wait_blocked(void);
uint64_t micro_wait_sample_running(void);
uint64_t micro_wait_sample_blocked(void);

// Arms and waits, by two calls and an interrupt or by HCALL_BLOCK. The sample is every tick but the idle ones: from the call to
// the CPU's halt, and from the deadline to the return. Needs micro_wait_calibrate().
void micro_wait_halt(void);
uint64_t micro_wait_sample_halt(void);
void micro_wait_block(void);
uint64_t micro_wait_sample_block(void);

// Finds how long it takes from the call until the CPU halts.
void micro_wait_calibrate(uint64_t empty_ticks);

// Chooses the partner of micro_wait_doorbell() and waits for its first answer; false when there is no such guest.
bool micro_wait_set_peer(uint64_t guest_id);

// Rings the partner and halts until it has rung back.
void micro_wait_doorbell(void);

// The partner's side: answers `rings` rings of guest `guest_id`.
void micro_wait_answer(uint64_t guest_id, uint64_t rings);
