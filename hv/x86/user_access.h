// SPDX-License-Identifier: BSD-2-Clause
// Access to memory through the guest's own mappings, with SMAP opened for as long as it takes.
//
// A page that is missing or not writable makes the access return false instead of faulting: each
// access leaves its address and that of its recovery in a table, which the trap switch consults
// (user_access_recovery). Callers check that the range lies in the guest window; only
// vm/guest_memory.c calls in. Context: the guest's address space is loaded, interrupts off.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Copy `size` bytes to or from guest memory. False if some byte was not accessible; then the
// destination may hold a part. Guest ranges are plain integers, see abi/lull.h.
bool user_access_write(uint64_t guest_address, const void *source, size_t size);
bool user_access_read(void *destination, uint64_t guest_address, size_t size);

// Write `count` 64-bit words, ascending. The fast way for stack frames.
bool user_access_write_words(uint64_t guest_address, const uint64_t *words, size_t count);

// The address at which to go on after a fault at `rip`, or 0 if that instruction may not fault.
uint64_t user_access_recovery(uint64_t rip);

// Turn the placeholders for stac and clac into the instructions. Called once at boot where the CPU has
// SMAP, while the hypervisor's text is still writable.
void user_access_enable_smap(void);
