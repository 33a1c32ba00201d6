// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/paging.h in the test of the page allocator: physical memory is an array of the host.
// A physical address outside of the array is an access that the sanitizer reports.
#pragma once

#include <stdint.h>

#define PAGING_PAGE_SIZE 4096ull

extern uint8_t *fake_ram;       // what lies at fake_ram_start
extern uint64_t fake_ram_start; // physical address

static inline void *phys_to_virt(uint64_t phys)
{
    return fake_ram + (phys - fake_ram_start);
}

// What the allocator provides for page tables.
uint64_t paging_table_alloc(void);
void paging_table_free(uint64_t phys);
