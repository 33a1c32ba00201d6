// SPDX-License-Identifier: BSD-2-Clause
// Adds up what a guest needs. The model is in guest_need.h.
#include "vm/guest_need.h"

#include "abi/lull.h"
#include "core/page_alloc.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "vm/elf.h"
#include "vm/guest_image.h"
#include "x86/paging.h"

#define ABI_PAGES 2u // vCPU page and start page; the time page is the machine's
#define REGIONS (LULL_WINDOW_END / PAGING_TABLE_SPAN)
#define KIB_PER_PAGE (PAGE_ALLOC_PAGE_SIZE / 1024)

const char guest_need_out[] = "memory is out";

// An address space, while its pages are added up.
struct sum {
    uint64_t pages;
    uint64_t seen[REGIONS / 64]; // a bit for each region that has a page table
};

static struct sum empty_space(void)
{
    return (struct sum){ .pages = PAGING_SPACE_TABLES };
}

static void add(struct sum *sum, uint64_t start, uint64_t end)
{
    sum->pages += (end - start) / LULL_PAGE_SIZE;
    for (uint64_t region = start / PAGING_TABLE_SPAN; region * PAGING_TABLE_SPAN < end; region++) {
        sum->pages += (sum->seen[region / 64] & BIT(region % 64)) == 0;
        sum->seen[region / 64] |= BIT(region % 64);
    }
}

static uint64_t end_of(const struct elf_segment *segment)
{
    return segment->vaddr + align_up(segment->mem_size, LULL_PAGE_SIZE);
}

uint64_t guest_need_pages(const void *bytes, uint64_t size, uint64_t memory_bytes, bool with_image)
{
    struct sum own = empty_space(), shared = empty_space();
    struct elf_image elf;
    const char *reason;

    if (!elf_validate(bytes, size, &elf, &reason))
        return 0;
    for (uint32_t i = 0; i < elf.segment_count; i++) {
        const struct elf_segment *segment = &elf.segments[i];

        add(&own, segment->vaddr, end_of(segment));
        if (guest_image_shares(segment)) {
            add(&shared, segment->vaddr, end_of(segment));
            own.pages -= (end_of(segment) - segment->vaddr) / LULL_PAGE_SIZE;
        }
    }
    add(&own, elf.end, elf.end + memory_bytes);
    add(&own, LULL_VCPU_PAGE, LULL_VCPU_PAGE + ABI_PAGES * LULL_PAGE_SIZE);
    return own.pages + (with_image ? 1 + shared.pages : 0); // 1: its structure
}

const char *guest_need_say(uint64_t pages)
{
    static char sentence[192];

    format_buffer(
        sentence, sizeof(sentence),
        "%s: it needs %llu KiB and %llu KiB are left; ask for less (mem=), end other guests, or give "
        "the machine more (QEMU: -m)",
        guest_need_out, (unsigned long long)(pages * KIB_PER_PAGE),
        (unsigned long long)(page_alloc_free_count() * KIB_PER_PAGE));
    return sentence;
}
