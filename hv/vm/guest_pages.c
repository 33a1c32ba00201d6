// SPDX-License-Identifier: BSD-2-Clause
// Pages that belong to one address space.
#include "vm/guest_pages.h"

#include <stddef.h>

#include "abi/lull.h"
#include "core/page_alloc.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/elf.h"
#include "x86/paging.h"

void *guest_pages_add(uint64_t space, uint64_t guest_address, uint32_t rights)
{
    uint64_t phys = page_alloc();

    if (phys == 0)
        return NULL;
    if (!paging_space_map(space, guest_address, phys, rights)) {
        page_free(phys);
        return NULL;
    }
    return phys_to_virt(phys);
}

bool guest_pages_add_segment(uint64_t space, const struct elf_segment *segment, const void *bytes)
{
    const uint8_t *source = (const uint8_t *)bytes + segment->file_offset;
    uint32_t rights = (segment->writable ? PAGING_WRITE : 0) | (segment->executable ? PAGING_EXECUTE : 0);

    for (uint64_t done = 0; done < segment->mem_size; done += LULL_PAGE_SIZE) {
        uint8_t *page = guest_pages_add(space, segment->vaddr + done, rights);
        if (page == NULL)
            return false;
        if (done < segment->file_size) {
            uint64_t left = segment->file_size - done;
            memcpy(page, source + done, left < LULL_PAGE_SIZE ? left : LULL_PAGE_SIZE);
        }
    }
    return true;
}

void guest_pages_free(uint64_t space, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end; at += LULL_PAGE_SIZE) {
        uint64_t phys = paging_space_lookup(space, at);
        if (phys != 0)
            page_free(phys);
    }
}

void guest_pages_free_segment(uint64_t space, const struct elf_segment *segment)
{
    guest_pages_free(space, segment->vaddr, segment->vaddr + align_up(segment->mem_size, LULL_PAGE_SIZE));
}
