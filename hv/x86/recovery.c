// SPDX-License-Identifier: BSD-2-Clause
// The table of instructions that may fault.
#include "x86/recovery.h"

struct recovery {
    uint64_t fault, resume;
};

extern const struct recovery recovery_table[], recovery_table_end[]; // linker/hv.ld

uint64_t recovery_address(uint64_t rip)
{
    for (const struct recovery *r = recovery_table; r < recovery_table_end; r++)
        if (r->fault == rip)
            return r->resume;
    return 0;
}
