// SPDX-License-Identifier: BSD-2-Clause
// Checks of the loader's framebuffer tag, as little trusted as the other tags.
#include "screen_tag.h"

#include <stdbool.h>

#include "lib/string.h"

#define TEXT_PHYS 0xb8000ull
#define TEXT_WINDOW 0x8000u
#define TEXT_CELL_BYTES 2u
#define TEXT_COLUMNS_MAX 132u // of the widest text mode of any VGA
#define TEXT_ROWS_MAX 60u

// A line of 40 characters of 8 by 16; and more than any screen has.
#define WIDTH_MIN 320u
#define HEIGHT_MIN 200u
#define SIDE_MAX 16384u
#define PITCH_MAX (SIDE_MAX * 8)
#define PHYS_END (1ull << 46)

static bool overlaps(const struct boot_memory *ram, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < ram->count; i++)
        if (ram->ranges[i].start < end && ram->ranges[i].end > start)
            return true;
    return false;
}

static const char *read_text(const struct screen_tag *tag, struct boot_screen *out)
{
    if (tag->phys != TEXT_PHYS)
        return "is a text mode that is not at 0xb8000";
    if (tag->width == 0 || tag->width > TEXT_COLUMNS_MAX || tag->height == 0 || tag->height > TEXT_ROWS_MAX ||
        tag->pitch != tag->width * TEXT_CELL_BYTES || tag->pitch * tag->height > TEXT_WINDOW)
        return "is a text mode of an impossible size";
    out->kind = BOOT_SCREEN_TEXT;
    return NULL;
}

static bool is_field(const struct boot_screen_field *field, uint32_t bits)
{
    return field->size >= 1 && field->size <= 8 && field->position + field->size <= bits;
}

static const char *read_pixels(const struct screen_tag *tag, const uint8_t *bytes, size_t size,
                               const struct boot_memory *ram, struct boot_screen *out)
{
    struct screen_tag_colours colours;
    uint64_t length = (uint64_t)tag->pitch * tag->height;

    if (size < sizeof(colours))
        return "tag is too short for its colours";
    memcpy(&colours, bytes, sizeof(colours));
    out->red = (struct boot_screen_field){ colours.red_position, colours.red_size };
    out->green = (struct boot_screen_field){ colours.green_position, colours.green_size };
    out->blue = (struct boot_screen_field){ colours.blue_position, colours.blue_size };
    if (tag->bits_per_pixel != 16 && tag->bits_per_pixel != 24 && tag->bits_per_pixel != 32)
        return "has pixels that are not of 16, 24 or 32 bits";
    if (tag->width < WIDTH_MIN || tag->height < HEIGHT_MIN)
        return "is smaller than 320 x 200";
    if (tag->width > SIDE_MAX || tag->height > SIDE_MAX || tag->pitch > PITCH_MAX ||
        tag->pitch < tag->width * (tag->bits_per_pixel / 8u))
        return "has an impossible size";
    if (!is_field(&out->red, tag->bits_per_pixel) || !is_field(&out->green, tag->bits_per_pixel) ||
        !is_field(&out->blue, tag->bits_per_pixel))
        return "has a colour outside of its pixels";
    if (tag->phys == 0 || tag->phys >= PHYS_END - length)
        return "has an impossible address";
    if (overlaps(ram, tag->phys, tag->phys + length))
        return "lies in usable RAM";
    out->kind = BOOT_SCREEN_PIXELS;
    return NULL;
}

const char *screen_tag_read(const uint8_t *bytes, size_t size, const struct boot_memory *ram,
                            struct boot_screen *out)
{
    struct screen_tag tag;
    const char *why = NULL;

    memset(out, 0, sizeof(*out));
    if (size < sizeof(tag))
        return "tag is too short";
    memcpy(&tag, bytes, sizeof(tag));
    out->phys = tag.phys;
    out->width = tag.width;
    out->height = tag.height;
    out->pitch = tag.pitch;
    out->bits_per_pixel = tag.bits_per_pixel;
    if (tag.type == SCREEN_TAG_TEXT)
        why = read_text(&tag, out);
    else if (tag.type == SCREEN_TAG_RGB)
        why = read_pixels(&tag, bytes + sizeof(tag), size - sizeof(tag), ram, out);
    else
        why = tag.type == SCREEN_TAG_INDEXED ? "has a palette instead of colours" : "is of an unknown type";
    return why;
}
