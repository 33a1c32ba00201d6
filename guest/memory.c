// SPDX-License-Identifier: BSD-2-Clause
// Memory by moving one boundary upwards, and a list of what came back, which is searched for a block of the very size: a
// guest gives back threads and buffers, of few sizes.
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>

#include "irq.h"
#include "pages.h"
#include "panic.h"

#include <lib/bits.h>
#include <lib/string.h>

#define ALIGNMENT 16u

// A block that was given back, until one of its size is taken.
struct free_block {
    struct free_block *next;
    size_t size;
};

static uint64_t next, end;
static struct free_block *free_blocks;

void memory_init(void)
{
    const struct lull_start_page *start = pages_start();

    next = start->ram_start;
    end = u64_sub_sat(start->ram_end, MEMORY_STACK_RESERVE);
}

static void *take_free(size_t size)
{
    for (struct free_block **at = &free_blocks; *at != NULL; at = &(*at)->next) {
        struct free_block *block = *at;

        if (block->size == size) {
            *at = block->next;
            return block;
        }
    }
    return NULL;
}

static void *take_new(size_t size)
{
    uint64_t taken = next;

    if (size > u64_sub_sat(end, next))
        panic("out of memory: %lu bytes wanted, %lu left; give the guest more with mem=", size,
              u64_sub_sat(end, next));
    next += size;
    return (void *)taken;
}

void *memory_take(size_t size)
{
    size_t whole = align_up(size, ALIGNMENT);
    bool enabled = irq_save();
    void *block = take_free(whole);

    if (block == NULL)
        block = take_new(whole);
    irq_restore(enabled);
    return memset(block, 0, size);
}

bool memory_fits(size_t size)
{
    size_t whole = align_up(size, ALIGNMENT);
    bool enabled = irq_save();
    bool fits = whole <= u64_sub_sat(end, next);

    for (const struct free_block *block = free_blocks; block != NULL && !fits; block = block->next)
        fits = block->size == whole;
    irq_restore(enabled);
    return fits;
}

void memory_give(void *taken, size_t size)
{
    struct free_block *block = taken;
    bool enabled = irq_save();

    *block = (struct free_block){ .next = free_blocks, .size = align_up(size, ALIGNMENT) };
    free_blocks = block;
    irq_restore(enabled);
}

uint64_t memory_left(void)
{
    return u64_sub_sat(end, next);
}
