// SPDX-License-Identifier: BSD-2-Clause
// The memory of the hypervisor's stacks, and how much of them is used. Each object is page aligned.
#include "x86/stacks.h"

#include "x86/paging.h"

// The direct map takes 64 TiB at most.
_Static_assert((PAGING_DIRECT_MAP >> STACKS_ADDRESS_BIT & 1) == 0, "a vCPU is not on a stack");
_Static_assert((PAGING_IMAGE_MAP & PAGING_CPU_MAP) >> STACKS_ADDRESS_BIT & 1,
               "entry.asm knows a stack by it");

#define STACK __attribute__((section(".bss.stacks"), aligned(4096)))

STACK struct stacks_main stacks_boot_cpu;
STACK struct stacks_ist stacks_debug;
STACK struct stacks_ist stacks_double_fault;
STACK struct stacks_ist stacks_nmi;
STACK struct stacks_ist stacks_machine_check;

// The frames of stacks_paint() itself, and of whoever interrupts it.
#define ROOM_IN_USE 512u

const char *stacks_name(enum stacks_kind kind)
{
    static const char *const names[STACKS_KINDS] = {
        [STACKS_MAIN] = "main",
        [STACKS_DEBUG] = "debug",
        [STACKS_DOUBLE_FAULT] = "double fault",
        [STACKS_NMI] = "NMI",
        [STACKS_MACHINE_CHECK] = "machine check",
    };

    return names[kind];
}

uint64_t stacks_size(enum stacks_kind kind)
{
    return kind == STACKS_MAIN ? STACKS_MAIN_SIZE : STACKS_IST_SIZE;
}

static uint64_t bottom_of(const struct stacks *stacks, enum stacks_kind kind)
{
    return stacks->top[kind] - stacks_size(kind);
}

void stacks_paint(const struct stacks *stacks)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);

    for (enum stacks_kind kind = 0; kind < STACKS_KINDS; kind++) {
        uint64_t bottom = bottom_of(stacks, kind), end = stacks->top[kind];

        if (here >= bottom && here < end)
            end = here - ROOM_IN_USE;
        for (uint64_t at = bottom; at < end; at += sizeof(uint64_t))
            *(volatile uint64_t *)at = STACKS_PAINT;
    }
}

uint64_t stacks_used(const struct stacks *stacks, enum stacks_kind kind)
{
    uint64_t at = bottom_of(stacks, kind);

    while (at < stacks->top[kind] && *(const volatile uint64_t *)at == STACKS_PAINT)
        at += sizeof(uint64_t);
    return stacks->top[kind] - at;
}

bool stacks_find_guard(const struct stacks *stacks, uint64_t address, enum stacks_kind *kind)
{
    for (*kind = 0; *kind < STACKS_KINDS; ++*kind) {
        uint64_t bottom = bottom_of(stacks, *kind);

        if (stacks->top[*kind] != 0 && address < bottom && bottom - address <= STACKS_GUARD_SIZE)
            return true;
    }
    return false;
}
