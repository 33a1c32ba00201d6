// SPDX-License-Identifier: BSD-2-Clause
// Sets of physical address ranges: sorted, disjoint, not touching, none empty.
//
// Firmware lists RAM in any order, in pieces, and with reserved areas laid over usable ones. Adding all that is usable
// and then removing all that is not gives the set of what may be used, whatever the order was:
//
//   add 0x000000-0x0a0000, add 0x100000-0x800000, add 0x800000-0x900000, remove 0x200000-0x300000
//   = { 0x000000-0x0a0000, 0x100000-0x200000, 0x300000-0x900000 }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/boot_info.h"

// A set over storage that the caller owns. Start with count == 0.
struct boot_memory {
    struct boot_memory_range *ranges; // room for `capacity` of them
    uint32_t count;
    uint32_t capacity;
};

// Adds [start, end), joining what it touches. False, with the set unchanged, where it would need more room than
// there is. An empty range adds nothing.
bool boot_memory_add(struct boot_memory *memory, uint64_t start, uint64_t end);

// Removes [start, end). Where a range has to be split and there is no room, its upper part goes too, and the
// answer is false: the set never holds what was removed.
bool boot_memory_remove(struct boot_memory *memory, uint64_t start, uint64_t end);

// True where all of [start, end) is in the set; an empty range is where its start is in it.
bool boot_memory_contains(const struct boot_memory *memory, uint64_t start, uint64_t end);

// Shrinks each range to whole pages of `page_size` bytes (a power of two) and drops those that vanish.
void boot_memory_align(struct boot_memory *memory, uint64_t page_size);
