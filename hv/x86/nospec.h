// SPDX-License-Identifier: BSD-2-Clause
// An index that stays in its table where the CPU speculates past the check of it. Intel: "Bounds check bypass",
// software mitigations.
#pragma once

#include <stdint.h>

// `index` where it is below `count`, else 0, by arithmetic and not by a branch, which may be predicted wrongly.
static inline uint64_t nospec_index(uint64_t index, uint64_t count)
{
    uint64_t mask;

    asm("cmpq %2, %1\n\tsbbq %0, %0" : "=r"(mask) : "r"(index), "rm"(count) : "cc");
    return index & mask;
}
