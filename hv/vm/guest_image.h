// SPDX-License-Identifier: BSD-2-Clause
// An image in use: what all guests made of the same module have in common.
//
// The pages of read-only and executable segments exist once for each image, whatever the number of its guests. They are
// copies: the module's own pages hold other bytes behind the end of a segment, which are none of a guest's business.
// An image is there from its first guest to its last.
//
// The pages are found through an address space of the image's own, which no CPU ever loads: it maps each of them where
// the guests see it. Example, ten guests of an image with code at 0x210000: the image's space maps one page P there,
// and guest_load() maps the same P, read and execute, at 0x210000 in each of ten spaces.
//
// Context of everything here: hypervisor code, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "vm/elf.h"

struct guest_image {
    struct list_node link; // in guest_images
    const void *bytes;     // of the module; they outlive the image
    uint64_t size;
    struct elf_image elf;
    uint64_t guests; // that use it
    uint64_t space;  // maps the shared pages
    uint64_t pages;  // what it takes: shared pages, its space, this structure
};

// All images in use.
extern struct list_node guest_images;

// The image of `size` bytes at `bytes`, for one guest more. Null if it is refused: `*reason` says why.
struct guest_image *guest_image_get(const void *bytes, uint64_t size, const char **reason);

// Whether guests can be made of these bytes, but for memory.
bool guest_image_usable(const void *bytes, uint64_t size);

// Whether any guest uses it.
bool guest_image_in_use(const void *bytes, uint64_t size);

// One guest less. The last one's memory must not map the image any more.
void guest_image_put(struct guest_image *image);

// Whether the guests share the segment's pages.
static inline bool guest_image_shares(const struct elf_segment *segment)
{
    return !segment->writable;
}
