// SPDX-License-Identifier: BSD-2-Clause
// The reset that needs no chip: a fault that nobody can handle.
#pragma once

#include <stdint.h>

// With an interrupt table of length 0, an exception becomes a double fault and that a shutdown of the CPU, which PC
// chip sets turn into a reset. Intel SDM vol. 3A, 6.15, "Interrupt 8". Context: any, does not return.
static inline _Noreturn void reset_by_triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };
    asm volatile("lidt %0\n\tint3" : : "m"(none) : "memory");
    __builtin_unreachable();
}
