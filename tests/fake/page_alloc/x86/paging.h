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

// Notes of the pages that are out of the direct map. The test can still reach what is in them.
#define FAKE_NOTES 64u
extern uint64_t fake_notes[FAKE_NOTES];

static inline uint64_t *fake_note(uint64_t phys)
{
    return &fake_notes[(phys - fake_ram_start) / PAGING_PAGE_SIZE];
}

static inline void paging_hide(uint64_t phys, uint64_t note)
{
    *fake_note(phys) = note;
}

static inline void paging_show(uint64_t phys)
{
    *fake_note(phys) = 0;
}

static inline uint64_t paging_hidden(uint64_t phys)
{
    return *fake_note(phys);
}

static inline uint64_t virt_to_phys(const void *virt)
{
    return (uint64_t)((const uint8_t *)virt - fake_ram) + fake_ram_start;
}

// What the allocator provides for page tables.
uint64_t paging_table_alloc(void);
void paging_table_free(uint64_t phys);
