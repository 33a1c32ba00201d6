// SPDX-License-Identifier: BSD-2-Clause
// The one place where an address that a guest gave becomes an access to memory.
//
// Addresses are checked against the guest window, then used through the mappings of the running guest; a page that is
// not there, or not writable, makes the call return false. Context: the guest's address space is loaded, interrupts
// off.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/lull.h"
#include "x86/user_access.h"

// Copy `size` bytes from or to guest memory. False: not all of it is the guest's; a part may have been copied.
bool guest_memory_read(void *destination, uint64_t guest_address, size_t size);
bool guest_memory_write(uint64_t guest_address, const void *source, size_t size);

// Whether the range lies in the guest window. Says nothing about mappings.
static inline bool guest_memory_in_window(uint64_t guest_address, size_t size)
{
    // An address below the window becomes a large number, so for a size that the compiler knows this is one comparison.
    return size <= LULL_WINDOW_END - LULL_WINDOW_START &&
           guest_address - LULL_WINDOW_START <= LULL_WINDOW_END - LULL_WINDOW_START - size;
}

// As guest_memory_write for `count` words: the fast way for stack frames.
static inline bool guest_memory_write_words(uint64_t guest_address, const uint64_t *words, size_t count)
{
    return guest_memory_in_window(guest_address, count * sizeof(uint64_t)) &&
           user_access_write_words(guest_address, words, count);
}
