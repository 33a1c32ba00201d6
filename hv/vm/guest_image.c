// SPDX-License-Identifier: BSD-2-Clause
// Images in use.
#include "vm/guest_image.h"

#include <stddef.h>

#include "core/page_alloc.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/elf_abi.h"
#include "vm/guest_need.h"
#include "vm/guest_pages.h"
#include "x86/paging.h"

_Static_assert(sizeof(struct guest_image) <= PAGE_ALLOC_PAGE_SIZE, "an image is allocated as one page");

struct list_node guest_images = { .next = &guest_images, .prev = &guest_images };

static struct guest_image *find(const void *bytes, uint64_t size)
{
    list_for_each (node, &guest_images) {
        struct guest_image *image = container_of(node, struct guest_image, link);
        if (image->bytes == bytes && image->size == size)
            return image;
    }
    return NULL;
}

static void destroy(struct guest_image *image)
{
    for (uint32_t i = 0; image->space != 0 && i < image->elf.segment_count; i++)
        if (guest_image_shares(&image->elf.segments[i]))
            guest_pages_free_segment(image->space, &image->elf.segments[i]);
    if (image->space != 0)
        paging_space_destroy(image->space);
    page_free(virt_to_phys(image));
}

// The shared pages. False if memory is out.
static bool load(struct guest_image *image)
{
    image->space = paging_space_create();
    if (image->space == 0)
        return false;
    for (uint32_t i = 0; i < image->elf.segment_count; i++)
        if (guest_image_shares(&image->elf.segments[i]) &&
            !guest_pages_add_segment(image->space, &image->elf.segments[i], image->bytes))
            return false;
    return true;
}

static struct guest_image *create(const void *bytes, uint64_t size, const char **reason)
{
    uint64_t free_before = page_alloc_free_count();
    uint64_t page = page_alloc();

    *reason = guest_need_out;
    if (page == 0)
        return NULL;

    struct guest_image *image = phys_to_virt(page);
    image->bytes = bytes;
    image->size = size;
    if (!elf_validate(bytes, size, &image->elf, reason) || !elf_abi_check(bytes, size, reason)) {
        page_free(page);
        return NULL;
    }
    if (!load(image)) {
        *reason = guest_need_out;
        destroy(image);
        return NULL;
    }
    image->pages = free_before - page_alloc_free_count();
    list_append(&guest_images, &image->link);
    return image;
}

struct guest_image *guest_image_get(const void *bytes, uint64_t size, const char **reason)
{
    struct guest_image *image = find(bytes, size);

    if (image == NULL)
        image = create(bytes, size, reason);
    if (image != NULL)
        image->guests++;
    return image;
}

void guest_image_put(struct guest_image *image)
{
    if (--image->guests > 0)
        return;
    list_remove(&image->link);
    destroy(image);
}

bool guest_image_usable(const void *bytes, uint64_t size)
{
    struct elf_image elf;
    const char *reason;

    return elf_validate(bytes, size, &elf, &reason) && elf_abi_check(bytes, size, &reason);
}

bool guest_image_in_use(const void *bytes, uint64_t size)
{
    return find(bytes, size) != NULL;
}
