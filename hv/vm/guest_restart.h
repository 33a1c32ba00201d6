// SPDX-License-Identifier: BSD-2-Clause
// Guests that are made again when they have ended: because the operator wants it, or by their policy (restart=).
//
// A guest is made again in its place: this structure, its vCPU's and its console ring stay where they are, so that a
// machine without a free page can do it, and what the guest has written stays to be read. Everything else is new: its
// memory, its state, its counts, and its number, since numbers are never used twice. It keeps image, memory size,
// arguments, name, instance, weight and CPU, and its start page tells it how often this has happened.
//
// By policy it waits first. The wait is a timer of the boot CPU's queue, one for each guest that waits and none for the
// others: the first is GUEST_RESTART_FIRST_NS, each further one is twice the one before, GUEST_RESTART_MOST_NS at most,
// and the first again for a guest that has lived for GUEST_RESTART_LONG_NS. So a guest that fails at once, always,
// costs the machine one start in ten seconds in the end, and the log tells of its 16th, 32nd, 64th ... life only. Where
// memory is out, that is one more failure, and it waits again. The operator's `kill` is an end without a wait.
//
// Example, on-failure: ends with code 1 after 3 ms, waits 10 ms; with code 1 after 3 ms, waits 20 ms; lives for a
// minute and is killed for a page fault, waits 10 ms; ends with code 0: that was the end.
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "time/timer.h"

struct guest;

#define GUEST_RESTART_FIRST_NS (10 * 1000000ull)
#define GUEST_RESTART_MOST_NS (10 * 1000000000ull)
#define GUEST_RESTART_LONG_NS GUEST_RESTART_MOST_NS

enum guest_restart_policy {
    GUEST_RESTART_NEVER,
    GUEST_RESTART_ON_FAILURE, // after an exit with another code than 0, and whatever it was killed for
    GUEST_RESTART_ALWAYS,
};

struct guest_restart {
    enum guest_restart_policy policy;
    uint64_t count;     // times that it was made again, by policy or by the operator
    uint64_t wait_ns;   // of the latest wait; 0: there was none
    struct timer timer; // armed: it waits
};

// For a new guest.
void guest_restart_init(struct guest_restart *restart, enum guest_restart_policy policy);

// Whether policies hold. Not at first: who makes guests by the thousand to watch them end makes them again himself.
void guest_restart_allow(bool allowed);

// A guest has ended: let it wait, if its policy says so.
void guest_restart_ended(struct guest *guest);

// Whether it waits, and how long still: 0 when it is about to be made.
bool guest_restart_waits(const struct guest *guest, uint64_t *left_ns);

// It does not wait any more, and stays ended. False: it did not wait.
bool guest_restart_cancel(struct guest *guest);

// Make it again now; a living one ends first, without a report. False: it was refused, `*reason` says why. It has ended
// then, and may be made again later.
bool guest_restart(struct guest *guest, const char **reason);
