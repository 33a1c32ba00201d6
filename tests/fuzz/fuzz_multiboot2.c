// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the loader's information, as it lies in memory. What is accepted must be safe to rely on.

#include "core/boot_memory.h"
#include "fuzz.h"
#include "multiboot2.h"

#include <stdlib.h>

#define PAGE 4096u

static void check_text(const char *text, size_t size)
{
    FUZZ_CHECK(memchr(text, '\0', size) != NULL);
}

static void check_memory(const struct boot_info *info)
{
    FUZZ_CHECK(info->memory_count > 0 && info->memory_count <= BOOT_INFO_MEMORY_MAX);
    for (uint32_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *range = &info->memory[i];

        FUZZ_CHECK(range->start < range->end && range->start % PAGE == 0 && range->end % PAGE == 0);
        FUZZ_CHECK(i == 0 || info->memory[i - 1].end < range->start);
    }
    FUZZ_CHECK(info->start_page % PAGE == 0 && info->start_page < 0xa0000);
}

static void check_screen(const struct boot_screen *screen)
{
    if (screen->kind != BOOT_SCREEN_PIXELS)
        return;
    FUZZ_CHECK(screen->bits_per_pixel % 8 == 0 && screen->bits_per_pixel >= 16 &&
               screen->bits_per_pixel <= 32);
    FUZZ_CHECK((uint64_t)screen->width * screen->bits_per_pixel / 8 <= screen->pitch && screen->height > 0);
    FUZZ_CHECK(screen->phys + (uint64_t)screen->pitch * screen->height > screen->phys);
    FUZZ_CHECK(screen->red.size >= 1 && screen->red.position + screen->red.size <= screen->bits_per_pixel);
    FUZZ_CHECK(screen->green.size >= 1 &&
               screen->green.position + screen->green.size <= screen->bits_per_pixel);
    FUZZ_CHECK(screen->blue.size >= 1 && screen->blue.position + screen->blue.size <= screen->bits_per_pixel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    const char *reason = NULL;

    memset(&info, 0xa5, sizeof(info)); // nothing that it leaves alone is 0 by chance
    if (!multiboot2_parse(MULTIBOOT2_LOADER_MAGIC, data, size, &info, &reason)) {
        FUZZ_CHECK(reason != NULL);
        return 0;
    }
    check_memory(&info);
    check_screen(&info.screen);
    check_text(info.loader, sizeof(info.loader));
    check_text(info.line, sizeof(info.line));
    FUZZ_CHECK(info.module_count <= BOOT_INFO_MODULES_MAX);
    for (uint32_t i = 0; i < info.module_count; i++) {
        FUZZ_CHECK(info.modules[i].start <= info.modules[i].end);
        check_text(info.modules[i].line, sizeof(info.modules[i].line));
    }
    return 0;
}
