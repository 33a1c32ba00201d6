// SPDX-License-Identifier: BSD-2-Clause
// Memory by moving one boundary upwards.
#include "memory.h"

#include <stdint.h>

#include "pages.h"
#include "panic.h"

#include <lib/bits.h>
#include <lib/string.h>

#define ALIGNMENT 16u

static uint64_t next, end;

void memory_init(void)
{
    const struct lull_start_page *start = pages_start();

    next = start->ram_start;
    end = u64_sub_sat(start->ram_end, MEMORY_STACK_RESERVE);
}

void *memory_take(size_t size)
{
    uint64_t taken = next;

    if (size > u64_sub_sat(end, next))
        panic("out of memory: %lu bytes wanted, %lu left; give the guest more with mem=", size,
              u64_sub_sat(end, next));
    next = align_up(next + size, ALIGNMENT);
    return memset((void *)taken, 0, size);
}
