// SPDX-License-Identifier: BSD-2-Clause
// Numbers for the fuzzing guest: arguments, addresses, register contents.
#include "fuzz.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t edges[] = {
    0,
    1,
    2,
    7,
    8,
    15,
    255,
    256,
    4095,
    4096,
    UINT64_MAX,
    UINT64_MAX - 1,
    UINT64_MAX - 7,
    INT64_MAX,
    INT64_MAX - 1,
    (uint64_t)INT64_MAX + 1,
    UINT32_MAX,
    (uint64_t)UINT32_MAX + 1,
    INT32_MAX,
    0xffffffff80000000,
    1000,
    9999,
    10000,
    1000000,
    1000000000,
    UINT64_C(1) << 62,
    // The guest's window and the pages of the ABI.
    LULL_WINDOW_START - 8,
    LULL_VCPU_PAGE,
    LULL_VCPU_PAGE + 4088,
    LULL_VCPU_PAGE + 4092,
    LULL_TIME_PAGE,
    LULL_START_PAGE,
    LULL_START_PAGE + 4096,
    LULL_IMAGE_START - 8,
    LULL_IMAGE_START,
    LULL_WINDOW_END - 4096,
    LULL_WINDOW_END - 8,
    LULL_WINDOW_END - 1,
    LULL_WINDOW_END,
    // The ends of the canonical halves, and the hypervisor: direct map, image, its end.
    0x00007fffffffffff,
    0x0000800000000000,
    0x7fffffffffffffff,
    0xffff7fffffffffff,
    0xffff800000000000,
    0xffff800000100000,
    0xffff800000200000,
    0xffff8000fee00000,
    0xffff8000fed00000,
    0xffffffff80000000,
    0xffffffff80100000,
    0xffffffff80200000,
    0xffffffff80010000,
    0xfffffffffffff000,
    0xfee00000,
    0xfed00000,
    0xb8000,
    // Selectors.
    0x08,
    0x10,
    0x18,
    0x1b,
    0x20,
    0x23,
    0x28,
    0x2b,
    0x33,
    0x0f,
    0xfffb,
};

static uint64_t own(void)
{
    const struct lull_start_page *start = pages_start();

    switch (fuzz_below(8)) {
    case 0:
        return (uint64_t)fuzz_step;
    case 1:
        return (uint64_t)fuzz_returned;
    case 2:
        return (uint64_t)fuzz_scratch + fuzz_below(FUZZ_SCRATCH_SIZE);
    case 3:
        return start->ram_start;
    case 4:
        return start->ram_end - 8 * fuzz_below(8);
    case 5:
        return start->ram_start + fuzz_below(start->ram_end - start->ram_start);
    case 6:
        return LULL_VCPU_PAGE + 8 * fuzz_below(64);
    default:
        return (uint64_t)fuzz_bytes + fuzz_below((uint64_t)(fuzz_bytes_end - fuzz_bytes));
    }
}

#define DIRECT_MAP UINT64_C(0xffff800000000000)
#define HYPERVISOR UINT64_C(0xffffffff80000000)

// Of the hypervisor: its image, or any memory through its direct map.
static uint64_t foreign(void)
{
    return fuzz_once_in(2) ? HYPERVISOR + fuzz_below(1u << 22) : DIRECT_MAP + 8 * fuzz_below(1u << 24);
}

uint64_t fuzz_value(void)
{
    switch (fuzz_below(16)) {
    case 0:
        return foreign();
    case 1 ... 5:
        return edges[fuzz_below(COUNT(edges))];
    case 6 ... 7:
        return edges[fuzz_below(COUNT(edges))] + fuzz_below(32) - 16;
    case 8 ... 10:
        return own();
    case 11:
        return clock_now_ns() + fuzz_below(100000) - 50000;
    case 12:
        return clock_now_ns() + random_log(&fuzz_random, 40);
    case 13 ... 14:
        return random_log(&fuzz_random, 63);
    default:
        return random_next(&fuzz_random);
    }
}
