// SPDX-License-Identifier: BSD-2-Clause
// Reads the loader's framebuffer tag. Multiboot2 Specification 2.0, section 3.6.12; reserved1 has 16 bits, as GRUB
// writes it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"
#include "core/boot_memory.h"

#define SCREEN_TAG_INDEXED 0u
#define SCREEN_TAG_RGB 1u
#define SCREEN_TAG_TEXT 2u

struct screen_tag {
    uint64_t phys;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel;
    uint8_t type;
    uint16_t reserved1;
};

// Behind it, for SCREEN_TAG_RGB.
struct screen_tag_colours {
    uint8_t red_position, red_size;
    uint8_t green_position, green_size;
    uint8_t blue_position, blue_size;
};

_Static_assert(sizeof(struct screen_tag) == 24, "layout of the specification");
_Static_assert(sizeof(struct screen_tag_colours) == 6, "layout of the specification");

// Fills `*out` from the tag's payload, any `size` bytes. Null, or why the screen cannot be used, as the rest of a
// sentence ("the framebuffer ..."), and *out then is BOOT_SCREEN_NONE. `ram` is all usable RAM.
const char *screen_tag_read(const uint8_t *bytes, size_t size, const struct boot_memory *ram,
                            struct boot_screen *out);
