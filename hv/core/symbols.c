// SPDX-License-Identifier: BSD-2-Clause
// Finds the function that contains an address, in the table that the second link holds.

#include "core/symbols.h"

#include <stddef.h>

const char *symbols_lookup(uint64_t address, uint64_t *offset)
{
    if (symbols_count == 0 || address < symbols_base || address - symbols_base >= symbols_size)
        return NULL;
    uint32_t wanted = (uint32_t)(address - symbols_base);

    // Invariant: table[low].address <= wanted, and table[high].address > wanted where high is in the table.
    uint32_t low = 0;
    uint32_t high = symbols_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols_table[middle].address <= wanted)
            low = middle;
        else
            high = middle;
    }
    *offset = wanted - symbols_table[low].address;
    return &symbols_names[symbols_table[low].name];
}
