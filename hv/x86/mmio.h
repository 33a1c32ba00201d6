// SPDX-License-Identifier: BSD-2-Clause
// Memory-mapped device registers: one access of the stated width, never merged, split or reordered
// against another one, and counted, because on hardware each costs hundreds of cycles.
#pragma once

#include <stdint.h>

#include "x86/counters.h"

static inline uint32_t mmio_read32(const volatile void *base, uint32_t offset)
{
    counters_add(mmio);
    return *(const volatile uint32_t *)((const volatile uint8_t *)base + offset);
}

static inline void mmio_write32(volatile void *base, uint32_t offset, uint32_t value)
{
    counters_add(mmio);
    *(volatile uint32_t *)((volatile uint8_t *)base + offset) = value;
}

// Wait until every earlier store has reached its device. An MSR write does not wait for one by itself.
static inline void mmio_fence(void)
{
    asm volatile("mfence" : : : "memory");
}

static inline uint64_t mmio_read64(const volatile void *base, uint32_t offset)
{
    counters_add(mmio);
    return *(const volatile uint64_t *)((const volatile uint8_t *)base + offset);
}

static inline void mmio_write64(volatile void *base, uint32_t offset, uint64_t value)
{
    counters_add(mmio);
    *(volatile uint64_t *)((volatile uint8_t *)base + offset) = value;
}
