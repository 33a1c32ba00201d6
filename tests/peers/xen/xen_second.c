// SPDX-License-Identifier: BSD-2-Clause
// The second vCPU: the partner of the doorbell test, as near to a second guest as one domain gets.
//
// It has page tables of its own, so that a switch to it is one of the address space. They map what the first ones do,
// except that the kernel's data are copies: the same program runs twice and shares nothing but code and Xen's page. All
// of the kernel lies below one lowest table, so a copy of the four tables on the way there is enough. A page that is a
// page table must be writable nowhere.
#include <stdbool.h>

#include "hypercall.h"
#include "panic.h"
#include "xen.h"

#include <lib/string.h>

#define ENTRIES 512u
#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_FRAME 0x000ffffffffff000ull
#define LEVELS 4

extern char xen_data_start[], xen_data_end[];

static const uint64_t *frames; // the machine frame of each page; addresses are page numbers times the size
static uint64_t next_page;
static bool started;
static struct xen_vcpu_context context;

static uint64_t frame_of(const void *page)
{
    return frames[(uint64_t)page / XEN_PAGE];
}

static uint64_t *take_page(void)
{
    void *page = (void *)next_page;

    next_page += XEN_PAGE;
    return memset(page, 0, XEN_PAGE);
}

static const uint64_t *table_of(uint64_t entry)
{
    const uint64_t *physical = (const uint64_t *)XEN_MACHINE_TO_PHYSICAL;

    return (const uint64_t *)(physical[(entry & PTE_FRAME) / XEN_PAGE] * XEN_PAGE);
}

// The index of an address in a table of this level, 0 the lowest.
static uint64_t index_of(const void *address, unsigned int level)
{
    return (uint64_t)address >> (12 + 9 * level) & (ENTRIES - 1);
}

static void read_only(uint64_t *lowest, uint64_t *page)
{
    uint64_t *entry = &lowest[index_of(page, 0)];

    *entry &= ~PTE_WRITE;
    if (xen_call3(XEN_UPDATE_VA_MAPPING, (uint64_t)page, *entry, XEN_UVMF_INVLPG) != 0)
        panic("Xen refuses a read-only page");
}

static void copy_data(uint64_t *lowest)
{
    for (char *page = xen_data_start; page < xen_data_end; page += XEN_PAGE) {
        uint64_t *copy = take_page();
        uint64_t *entry = &lowest[index_of(page, 0)];

        memcpy(copy, page, XEN_PAGE);
        *entry = (*entry & ~PTE_FRAME) | frame_of(copy) * XEN_PAGE;
    }
}

// Returns the machine frame of the new highest table.
static uint64_t copy_tables(const struct xen_start_info *info)
{
    const uint64_t *old = (const uint64_t *)info->page_table;
    uint64_t *new[LEVELS];

    for (unsigned int level = LEVELS; level-- > 0;) {
        new[level] = take_page();
        // The highest table has Xen's own entries too, which are its business.
        for (unsigned int i = 0; i < (level == LEVELS - 1 ? 1 : ENTRIES); i++)
            new[level][i] = old[i];
        if (level > 0)
            old = table_of(old[index_of(xen_data_start, level)]);
    }
    copy_data(new[0]);
    for (unsigned int level = 1; level < LEVELS; level++) {
        uint64_t *entry = &new[level][index_of(xen_data_start, level)];

        *entry = (*entry & ~PTE_FRAME) | frame_of(new[level - 1]) * XEN_PAGE;
    }
    for (unsigned int level = LEVELS; level-- > 0;)
        read_only(new[0], new[level]);
    return frame_of(new[LEVELS - 1]);
}

void xen_second_prepare(const struct xen_start_info *info, uint64_t spare)
{
    frames = (const uint64_t *)info->mfn_list;
    next_page = spare;
    context.flags = XEN_CONTEXT_IN_KERNEL;
    context.registers.rip = (uint64_t)entry_second;
    context.registers.cs = XEN_KERNEL_CS;
    context.registers.ss = XEN_KERNEL_SS;
    context.registers.rsp = (uint64_t)entry_stack_top;
    context.kernel_ss = XEN_KERNEL_SS;
    context.kernel_rsp = (uint64_t)entry_stack_top;
    context.control[3] = copy_tables(info) * XEN_PAGE;
    if (xen_call3(XEN_VCPU_OP, XEN_VCPU_INITIALISE, 1, (uint64_t)&context) != 0)
        panic("Xen refuses the second vCPU");
}

void xen_second_start(void)
{
    if (started)
        return;
    started = true;
    if (xen_call3(XEN_VCPU_OP, XEN_VCPU_UP, 1, 0) != 0)
        panic("Xen does not start the second vCPU");
}
