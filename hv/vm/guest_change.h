// SPDX-License-Identifier: BSD-2-Clause
// What the operator changes about guests while they live: their share of the CPU, their CPU, their tick.
//
// All of this belongs to the CPU that owns the guest, so it is asked of that one (request.h).
// Context: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guest;

// From now on its share of a CPU that others want too; what it has had so far counts by the old one. weight: 1 ..
// SCHED_WEIGHT_MAX. False: it has ended.
bool guest_set_weight(struct guest *guest, uint32_t weight);

// Move it to that CPU (below cpu_count), the only one it may run on from now on; GUEST_CPU_ANY: it stays where it is
// and may be taken over. Whatever it is doing, it goes on there; its deadlines go along. False: it has ended.
bool guest_pin(struct guest *guest, uint32_t cpu);

// Ask a guest to tick `hz` times a second from now on, 1 .. LULL_TICK_HZ_MAX, or with 0 not at all: it finds that in
// its page and is interrupted for it (LULL_IRQ_TICK). What it does about it is its own affair.
enum guest_tick { GUEST_TICK_ASKED, GUEST_TICK_ENDED, GUEST_TICK_UNKNOWN };
enum guest_tick guest_ask_tick(struct guest *guest,
                               uint32_t hz); // UNKNOWN: it has not said that it understands
