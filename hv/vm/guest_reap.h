// SPDX-License-Identifier: BSD-2-Clause
// The burial of guests: their memory goes back to the page allocator, which is the boot CPU's.
//
// A guest ends on the CPU that it belongs to; there its vCPU leaves every queue, and what remains is put on a list for
// the boot CPU. That one first makes sure that no CPU is still in a doorbell to it or has it in its mail
// (request_quiesce), and then frees pages in steps of a timer, GUEST_REAP_PAGES at a time: what is due comes in
// between, so the end of a guest of 256 MiB delays nobody by more than a step. The structures stay until
// guest_destroy().
#pragma once

#include <stdbool.h>

struct guest;
struct timer;

#define GUEST_REAP_PAGES 128u
#define GUEST_REAP_GAP_NS 50000ull // between steps, so that guests of the boot CPU get on

// A guest has ended: its vCPU is off every queue. Its CPU, interrupts off.
void guest_reap(struct guest *guest);

// Take over the guests that have ended on other CPUs; on another CPU than the boot CPU nothing. Interrupts off.
void guest_reap_collect(void);

// Finish a burial at once: when this returns, no CPU knows the guest, if it is not published any more, and its memory
// is back. Boot CPU, interrupts off.
void guest_reap_now(struct guest *guest);

// Arm `timer` for the present moment whenever a guest has ended from now on, so that its expiry learns of the end
// outside of the guest's own path, and before any of its memory goes back; null for none. Boot CPU.
void guest_watch(struct timer *timer);
