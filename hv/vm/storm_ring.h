// SPDX-License-Identifier: BSD-2-Clause
// Storms of doorbells that go to other CPUs.
//
// A ring for a guest of another CPU interrupts that CPU, and who has it loses time by that. The ringer cannot pay in
// virtual time: what it has had more or less on its own CPU is nothing there. So each CPU has one bucket of tokens
// for all guests that ring from it, with the rate and the burst of storm.h; a ring that disturbs a third guest takes
// one. A ring that finds none is sent like any other, so nothing is late or lost for the one who is rung; but who has
// rung stalls: it has to let go of its CPU until a token has come for it, and those who stall get theirs one after
// the other.
//
// Example: A on CPU 0 rings B, which only ever waits, on CPU 1, where C computes. The first 64 rings and some more
// take A as long as the calls do. From then on each ring stops A for 50 us, and C is interrupted 20,000 times a
// second. However many guests of CPU 0 ring, that is not more: but for the first time, when each of them has sent one
// ring before it stalls.
//
// Rings that merge interrupt nobody and take no token: with one that is on its way, or that the guest has not taken
// yet. Nor do those that find the guest itself running, which can mask its doorbell, or its CPU asleep. So guests of
// two CPUs that ring each other in turn do not come by here.
//
// Context of everything here: this CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/run_queue.h"

// For a new run queue.
void storm_ring_prepare(struct run_queue *queue, uint64_t tsc_hz);

// Whether the rung vCPU's CPU, another one, is in use by a third vCPU. At this moment: that CPU does not stand still.
bool storm_ring_disturbs(const struct vcpu *rung);

// The vCPU that has this CPU has disturbed a third one. It may have lost the CPU when this returns.
void storm_ring_sent(void);
