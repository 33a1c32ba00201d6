// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/mmio.h in host tests: the device registers of the fake machine, 32 bits wide.
#pragma once

#include <stdint.h>

#include "machine.h"

static inline uint32_t mmio_read32(const volatile void *base, uint32_t offset)
{
    return machine_mmio_read(base, offset);
}

static inline void mmio_fence(void)
{
    machine.fences++;
}

static inline void mmio_write32(volatile void *base, uint32_t offset, uint32_t value)
{
    machine_mmio_write(base, offset, value);
}
