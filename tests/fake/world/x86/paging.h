// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/paging.h in host tests with guests: a page is an allocation of the host's, whose address is its
// physical one, and an address space is a table of the test's (world_memory.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"

#define PAGING_PAGE_SIZE 4096ull
#define PAGING_WRITE (1u << 0)
#define PAGING_EXECUTE (1u << 1)
#define PAGING_SPACE_TABLES 1u
#define PAGING_TABLE_SPAN 0x200000ull

static inline void *phys_to_virt(uint64_t phys)
{
    return (void *)phys;
}

static inline uint64_t virt_to_phys(const void *virt)
{
    return (uint64_t)virt;
}

static inline void *paging_alloc(uint64_t size)
{
    return machine_alloc(size);
}

uint64_t paging_space_create(void);
bool paging_space_map(uint64_t space, uint64_t guest_address, uint64_t phys, uint32_t flags);
uint64_t paging_space_lookup(uint64_t space, uint64_t guest_address);
void paging_space_destroy(uint64_t space);
void paging_space_load(uint64_t space);
void paging_space_unload(void);
