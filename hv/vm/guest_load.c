// SPDX-License-Identifier: BSD-2-Clause
// Loads guests.
#include "vm/guest_load.h"

#include <stddef.h>

#include "abi/lull.h"
#include "core/assert.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/guest_need.h"
#include "vm/guest_pages.h"
#include "vm/time_page.h"
#include "x86/paging.h"

// Map the image's pages of the segment into the guest.
static bool share_segment(struct guest *guest, const struct elf_segment *segment)
{
    uint32_t rights = segment->executable ? PAGING_EXECUTE : 0;

    assert(!segment->writable);
    for (uint64_t done = 0; done < segment->mem_size; done += LULL_PAGE_SIZE) {
        uint64_t phys = paging_space_lookup(guest->image->space, segment->vaddr + done);
        assert(phys != 0);
        if (!paging_space_map(guest->space, segment->vaddr + done, phys, rights))
            return false;
    }
    return true;
}

static bool add_segments(struct guest *guest)
{
    const struct elf_image *elf = &guest->image->elf;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        bool added = guest_image_shares(segment)
                         ? share_segment(guest, segment)
                         : guest_pages_add_segment(guest->space, segment, guest->image->bytes);
        if (!added)
            return false;
    }
    return true;
}

static bool add_ram(struct guest *guest)
{
    for (uint64_t at = guest->ram_start; at < guest->ram_end; at += LULL_PAGE_SIZE)
        if (guest_pages_add(guest->space, at, PAGING_WRITE) == NULL)
            return false;
    return true;
}

static void fill_start_page(struct lull_start_page *start, const struct guest *guest, const char *arguments)
{
    *start = (struct lull_start_page){
        .magic = LULL_MAGIC,
        .abi_version = LULL_ABI_VERSION,
        .guest_id = guest->id,
        .instance = guest->instance,
        .ram_start = guest->ram_start,
        .ram_end = guest->ram_end,
        .stack_top = guest->ram_end,
        .features = LULL_FEATURES,
        .restarts = guest->restart.count,
    };
    memcpy(start->name, guest->name, sizeof(guest->name));
    memcpy(start->args, arguments, strnlen(arguments, LULL_ARGS_SIZE - 1));
}

_Static_assert(sizeof(((struct lull_start_page *)0)->name) == GUEST_NAME_SIZE, "names are copied whole");

static bool add_abi_pages(struct guest *guest, const char *arguments, struct lull_vcpu_page **vcpu_page)
{
    *vcpu_page = guest_pages_add(guest->space, LULL_VCPU_PAGE, PAGING_WRITE);
    struct lull_start_page *start = guest_pages_add(guest->space, LULL_START_PAGE, 0);
    if (*vcpu_page == NULL || start == NULL)
        return false;
    fill_start_page(start, guest, arguments);
    return paging_space_map(guest->space, LULL_TIME_PAGE, time_page_phys(), 0);
}

bool guest_load(struct guest *guest, const struct guest_config *config, struct lull_vcpu_page **vcpu_page,
                const char **reason)
{
    uint64_t image_end = guest->image->elf.end;

    if (config->memory_bytes > LULL_WINDOW_END - image_end) {
        *reason = "its memory (mem=) does not fit behind the image in the guest window, which ends at 1 GiB";
        return false;
    }
    guest->ram_start = image_end;
    guest->ram_end = image_end + config->memory_bytes;
    guest->space = paging_space_create();
    *reason = guest_need_out;
    if (guest->space == 0)
        return false;
    if (!add_segments(guest) || !add_ram(guest) || !add_abi_pages(guest, config->arguments, vcpu_page)) {
        guest_unload(guest, UINT64_MAX);
        return false;
    }
    return true;
}

// Whether what is mapped there belongs to the guest: not the time page, which is the machine's, and not what
// guest_image_shares() the image's.
static bool is_own(const struct guest *guest, uint64_t at)
{
    const struct elf_image *elf = &guest->image->elf;

    if (at >= guest->ram_start || at == LULL_VCPU_PAGE || at == LULL_START_PAGE)
        return true;
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        if (at >= segment->vaddr && at - segment->vaddr < segment->mem_size)
            return !guest_image_shares(segment);
    }
    return false;
}

bool guest_unload(struct guest *guest, uint64_t pages)
{
    uint64_t at = guest->unload_next != 0 ? guest->unload_next : LULL_WINDOW_START;

    for (; at < guest->ram_end && pages > 0; at += LULL_PAGE_SIZE, pages--)
        if (is_own(guest, at))
            guest_pages_free(guest->space, at, at + LULL_PAGE_SIZE);
    guest->unload_next = at;
    if (at < guest->ram_end)
        return false;
    paging_space_destroy(guest->space);
    guest->space = 0;
    return true;
}
