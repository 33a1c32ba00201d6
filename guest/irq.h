// SPDX-License-Identifier: BSD-2-Clause
// The guest's virtual interrupts: a word in the vCPU page in place of the CPU's interrupt flag.
//
// Disabling is a store. Enabling is a store and a look: what became pending while interrupts were off made no
// upcall, and nothing else will make one, so the one routine that enables also asks for delivery. A guest with a
// tick survives without the look, late by up to a tick; a tickless guest sleeps for ever.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pages.h"

// Declares the entries of upcall.asm to the hypervisor. With `exceptions` false the guest has no exception
// handler, and an exception ends it. Interrupts stay off.
void irq_init(bool exceptions);

// Turns interrupts on and serves what is pending before it returns. Not from inside irq_dispatch().
void irq_enable(void);

static inline void irq_disable(void)
{
    pages_vcpu()->irq_enabled = 0;
    __asm__ volatile("" : : : "memory"); // what follows must not be moved in front of the store
}

static inline bool irq_enabled(void)
{
    return pages_vcpu()->irq_enabled != 0;
}

// Turns interrupts off and returns the state before, for irq_restore(). These pairs nest.
static inline bool irq_save(void)
{
    bool enabled = irq_enabled();

    irq_disable();
    return enabled;
}

static inline void irq_restore(bool enabled)
{
    if (enabled)
        irq_enable();
}

// Takes the pending, unmasked interrupt of the lowest number: clears its bit and leaves the number in *irq.
// False when there is none. Interrupts off.
bool irq_claim(unsigned int *irq);

// Serves everything pending; called by upcall.asm with interrupts off. Each image defines it (dispatch.c).
void irq_dispatch(void);
