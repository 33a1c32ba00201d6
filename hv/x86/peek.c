// SPDX-License-Identifier: BSD-2-Clause
// Reads with recovery from faults.
#include "x86/peek.h"

#include <stdint.h>

#include "x86/paging.h"
#include "x86/recovery.h"

bool peek(void *destination, const void *source, size_t size)
{
    if ((uint64_t)source < PAGING_DIRECT_MAP || (uint64_t)source > UINT64_MAX - size)
        return false;
    // rep movsb leaves in rcx how many bytes are left; after a fault it goes on behind the instruction.
    asm volatile("1: rep movsb\n"
                 "2:\n\t" RECOVERY("1b", "2b")
                 : "+D"(destination), "+S"(source), "+c"(size)
                 :
                 : "memory");
    return size == 0;
}
