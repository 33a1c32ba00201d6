// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/paging.h in host tests: mappings of the fake machine's memory and devices.
#pragma once

#include <stdint.h>

#include "machine.h"

enum paging_cache {
    PAGING_CACHED,
    PAGING_UNCACHED,
};

static inline void *paging_map(uint64_t phys, uint64_t size, enum paging_cache cache)
{
    return machine_map(phys, size, cache == PAGING_CACHED);
}

static inline void *paging_alloc(uint64_t size)
{
    return machine_alloc(size);
}

// Pages of the host have its addresses.
static inline void *phys_to_virt(uint64_t phys)
{
    return (void *)phys;
}

static inline uint64_t virt_to_phys(const void *virt)
{
    return (uint64_t)virt;
}
