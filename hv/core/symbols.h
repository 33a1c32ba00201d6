// SPDX-License-Identifier: BSD-2-Clause
// Names of the hypervisor's functions, for backtraces on the serial line.
//
// The image is linked twice. tools/mksymbols.py reads the functions of the first link and writes
// build/symbols.c, which defines the four objects below; the second link holds them in section .symtab_lull
// at the end of read-only data. The table covers code only: offsets from symbols_base, sorted, so that an
// address is found by bisection and the table takes eight bytes and the name for each function.
#pragma once

#include <stdint.h>

// One function. Layout is shared with tools/mksymbols.py by source text only.
struct symbols_entry {
    uint32_t address; // bytes from symbols_base
    uint32_t name;    // bytes from symbols_names, NUL-terminated there
};

extern const uint64_t symbols_base;                // virtual address of the first function
extern const uint32_t symbols_size;                // bytes from symbols_base to the end of the last function
extern const uint32_t symbols_count;               // entries in symbols_table; 0 in the first link
extern const struct symbols_entry symbols_table[]; // sorted by address
extern const char symbols_names[];

// Returns the name of the function that contains `address` and stores the distance from its start, in bytes,
// in *offset. Returns NULL, and leaves *offset alone, for an address outside the hypervisor's code.
// Context: any, also in a panic; takes no lock and touches read-only data only.
// Example: symbols_lookup(rip, &offset) gives "timer_arm" and offset 18 where rip is timer_arm+18.
const char *symbols_lookup(uint64_t address, uint64_t *offset);
