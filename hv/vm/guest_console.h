// SPDX-License-Identifier: BSD-2-Clause
// What is typed at a guest: a ring of bytes from the monitor to HCALL_CONSOLE_READ.
//
// The boot CPU puts bytes in and pends LULL_IRQ_CONSOLE, the guest's CPU takes them out: one writer and one reader,
// each with a count of its own, so there is no lock. A guest that has never made the call does not listen: nothing is
// kept for it and it gets no interrupt, since it would not know what to do with one.
//
//   guest_console_input("ls\r")   ring: ls\r   pending |= LULL_IRQ_CONSOLE   guest: HCALL_CONSOLE_READ -> 3
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/lull.h"

struct guest;

struct console_input {
    uint32_t listens;       // atomic: it has made the call
    uint32_t written, read; // atomic: bytes ever, modulo 2^32
    char bytes[LULL_CONSOLE_INPUT_SIZE];
};

_Static_assert((LULL_CONSOLE_INPUT_SIZE & (LULL_CONSOLE_INPUT_SIZE - 1)) == 0, "the counts may wrap");

// Types `length` bytes, any values, at the guest. Returns how many were taken: those that fit, 0 for a guest that does
// not listen or has ended; the rest is not kept. Boot CPU, interrupts off.
size_t guest_console_input(struct guest *guest, const char *bytes, size_t length);

// Whether the guest has ever asked for input. Any CPU.
bool guest_console_listens(const struct guest *guest);

// HCALL_CONSOLE_READ: moves up to `size` bytes to a guest address. Returns how many, or LULL_EFAULT, and then none has
// been taken out. Context: the guest's address space is loaded, interrupts off.
int64_t guest_console_read(struct guest *guest, uint64_t guest_address, uint64_t size);
