// SPDX-License-Identifier: BSD-2-Clause
// Loads guests.
#include "vm/guest_load.h"

#include "abi/lull.h"
#include "core/page_alloc.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/guest.h"
#include "vm/time_page.h"
#include "x86/paging.h"

// A new page of the guest at `guest_address`; null if memory is out. Its content is zero.
static void *add_page(struct guest *guest, uint64_t guest_address, uint32_t flags)
{
    uint64_t phys = page_alloc();

    if (phys == 0)
        return NULL;
    if (!paging_space_map(guest->space, guest_address, phys, flags)) {
        page_free(phys);
        return NULL;
    }
    guest->pages++;
    return phys_to_virt(phys);
}

static bool load_segment(struct guest *guest, const struct elf_segment *segment)
{
    const uint8_t *source = (const uint8_t *)guest->image + segment->file_offset;
    uint32_t flags = (segment->writable ? PAGING_WRITE : 0) | (segment->executable ? PAGING_EXECUTE : 0);

    for (uint64_t done = 0; done < segment->mem_size; done += LULL_PAGE_SIZE) {
        uint8_t *page = add_page(guest, segment->vaddr + done, flags);
        if (page == NULL)
            return false;
        if (done < segment->file_size) {
            uint64_t left = segment->file_size - done;
            memcpy(page, source + done, left < LULL_PAGE_SIZE ? left : LULL_PAGE_SIZE);
        }
    }
    return true;
}

static bool add_ram(struct guest *guest)
{
    for (uint64_t at = guest->ram_start; at < guest->ram_end; at += LULL_PAGE_SIZE)
        if (add_page(guest, at, PAGING_WRITE) == NULL)
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
    };
    memcpy(start->name, guest->name, sizeof(guest->name));
    memcpy(start->args, arguments, strnlen(arguments, LULL_ARGS_SIZE - 1));
}

_Static_assert(sizeof(((struct lull_start_page *)0)->name) == GUEST_NAME_SIZE, "names are copied whole");

static bool add_abi_pages(struct guest *guest, const char *arguments, struct lull_vcpu_page **vcpu_page)
{
    *vcpu_page = add_page(guest, LULL_VCPU_PAGE, PAGING_WRITE);
    struct lull_start_page *start = add_page(guest, LULL_START_PAGE, 0);
    if (*vcpu_page == NULL || start == NULL)
        return false;
    fill_start_page(start, guest, arguments);
    return paging_space_map(guest->space, LULL_TIME_PAGE, time_page_phys(), 0);
}

bool guest_load(struct guest *guest, const struct guest_config *config, struct lull_vcpu_page **vcpu_page,
                const char **reason)
{
    if (!elf_validate(config->image, config->image_size, &guest->elf, reason))
        return false;
    if (config->memory_bytes > LULL_WINDOW_END - guest->elf.end) {
        *reason = "its memory (mem=) does not fit behind the image in the guest window, which ends at 1 GiB";
        return false;
    }
    guest->image = config->image;
    guest->image_size = config->image_size;
    guest->ram_start = guest->elf.end;
    guest->ram_end = guest->ram_start + config->memory_bytes;
    guest->space = paging_space_create();
    *reason = "memory is out";
    if (guest->space == 0)
        return false;
    for (uint32_t i = 0; i < guest->elf.segment_count; i++)
        if (!load_segment(guest, &guest->elf.segments[i])) {
            guest_unload(guest);
            return false;
        }
    if (!add_ram(guest) || !add_abi_pages(guest, config->arguments, vcpu_page)) {
        guest_unload(guest);
        return false;
    }
    return true;
}

// Free what is mapped in [start, end), where pages may be missing if loading stopped half-way.
static void free_range(struct guest *guest, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end; at += LULL_PAGE_SIZE) {
        uint64_t phys = paging_space_lookup(guest->space, at);
        if (phys != 0) {
            page_free(phys);
            guest->pages--;
        }
    }
}

void guest_unload(struct guest *guest)
{
    free_range(guest, LULL_VCPU_PAGE, LULL_VCPU_PAGE + LULL_PAGE_SIZE);
    free_range(guest, LULL_START_PAGE, LULL_START_PAGE + LULL_PAGE_SIZE); // the time page is not the guest's
    for (uint32_t i = 0; i < guest->elf.segment_count; i++)
        free_range(guest, guest->elf.segments[i].vaddr,
                   guest->elf.segments[i].vaddr + align_up(guest->elf.segments[i].mem_size, LULL_PAGE_SIZE));
    free_range(guest, guest->ram_start, guest->ram_end);
    paging_space_destroy(guest->space);
    guest->space = 0;
}
