// SPDX-License-Identifier: BSD-2-Clause
// Sets of physical address ranges. A plain sorted array: there are tens of ranges, once at boot.

#include "core/boot_memory.h"

#include "lib/bits.h"
#include "lib/string.h"

// Replaces `removed` ranges at `index` by none or by `*inserted`.
static void splice(struct boot_memory *memory, uint32_t index, uint32_t removed,
                   const struct boot_memory_range *inserted)
{
    uint32_t added = inserted != NULL;
    uint32_t behind = memory->count - index - removed;

    memmove(&memory->ranges[index + added], &memory->ranges[index + removed],
            behind * sizeof(memory->ranges[0]));
    if (inserted != NULL)
        memory->ranges[index] = *inserted;
    memory->count = index + added + behind;
}

bool boot_memory_add(struct boot_memory *memory, uint64_t start, uint64_t end)
{
    struct boot_memory_range joined = { start, end };
    uint32_t first = 0;
    uint32_t touched = 0;

    if (start >= end)
        return true;
    while (first < memory->count && memory->ranges[first].end < start)
        first++;
    while (first + touched < memory->count && memory->ranges[first + touched].start <= end) {
        const struct boot_memory_range *range = &memory->ranges[first + touched];

        joined.start = range->start < joined.start ? range->start : joined.start;
        joined.end = range->end > joined.end ? range->end : joined.end;
        touched++;
    }
    if (touched == 0 && memory->count == memory->capacity)
        return false;
    splice(memory, first, touched, &joined);
    return true;
}

bool boot_memory_remove(struct boot_memory *memory, uint64_t start, uint64_t end)
{
    bool complete = true;
    uint32_t i = 0;

    if (start >= end)
        return true;
    while (i < memory->count) {
        struct boot_memory_range *range = &memory->ranges[i];
        struct boot_memory_range above = { end, range->end };

        if (range->end <= start || range->start >= end) {
            i++;
        } else if (range->start >= start && range->end <= end) {
            splice(memory, i, 1, NULL);
        } else if (range->start >= start) {
            range->start = end;
            i++;
        } else {
            range->end = start;
            i++;
            if (above.start < above.end) {
                if (memory->count == memory->capacity)
                    complete = false;
                else
                    splice(memory, i, 0, &above);
            }
        }
    }
    return complete;
}

bool boot_memory_contains(const struct boot_memory *memory, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < memory->count; i++)
        if (memory->ranges[i].start <= start && start < memory->ranges[i].end)
            return start <= end && end <= memory->ranges[i].end;
    return false;
}

void boot_memory_align(struct boot_memory *memory, uint64_t page_size)
{
    uint32_t i = 0;

    while (i < memory->count) {
        struct boot_memory_range *range = &memory->ranges[i];
        uint64_t start = align_up(range->start, page_size);
        uint64_t end = align_down(range->end, page_size);

        // align_up() gives 0 where the next boundary is 2^64.
        if (start < range->start || start >= end) {
            splice(memory, i, 1, NULL);
        } else {
            range->start = start;
            range->end = end;
            i++;
        }
    }
}
