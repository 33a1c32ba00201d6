// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: a guest image. What elf_validate() lets through the loader copies without checks of its own, so all that
// it relies on is checked here; names of symbols reach the log.

#include "abi/lull.h"
#include "fuzz.h"
#include "lib/bits.h"
#include "vm/elf.h"
#include "vm/elf_abi.h"
#include "vm/elf_format.h"

static void check_segment(const struct elf_segment *segment, size_t size)
{
    FUZZ_CHECK(segment->mem_size >= 1 && segment->mem_size >= segment->file_size);
    FUZZ_CHECK(segment->file_offset <= size && segment->file_size <= size - segment->file_offset);
    FUZZ_CHECK(segment->vaddr % LULL_PAGE_SIZE == 0 && segment->vaddr >= LULL_IMAGE_START);
    FUZZ_CHECK(segment->vaddr < LULL_WINDOW_END && segment->mem_size <= LULL_WINDOW_END - segment->vaddr);
    FUZZ_CHECK(!segment->writable || !segment->executable);
}

static void check_image(const struct elf_image *image, size_t size)
{
    bool entry_found = false;
    uint64_t memory = 0, end = 0;

    FUZZ_CHECK(image->segment_count >= 1 && image->segment_count <= ELF_SEGMENTS_MAX);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segments[i];

        check_segment(segment, size);
        FUZZ_CHECK(segment->vaddr >= end);
        end = align_up(segment->vaddr + segment->mem_size, LULL_PAGE_SIZE);
        memory += end - segment->vaddr;
        entry_found |= segment->executable && image->entry >= segment->vaddr &&
                       image->entry - segment->vaddr < segment->mem_size;
    }
    FUZZ_CHECK(entry_found && memory <= ELF_MEMORY_MAX && image->end == end);
}

static void check_symbol(const uint8_t *data, size_t size, uint64_t address)
{
    char name[ELF_SYMBOL_NAME_SIZE];
    uint64_t offset;

    memset(name, 0xa5, sizeof(name));
    if (!elf_symbol(data, size, address, name, &offset))
        return;
    FUZZ_CHECK(memchr(name, '\0', sizeof(name)) != NULL && name[0] != '\0' && offset <= address);
    for (const char *at = name; *at != '\0'; at++)
        FUZZ_CHECK(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t addresses[] = { 0, LULL_IMAGE_START, LULL_IMAGE_START + 0x10, LULL_WINDOW_END,
                                          UINT64_MAX };
    struct elf_image image;
    struct elf_header header;
    const char *reason = NULL;

    if (elf_validate(data, size, &image, &reason)) {
        check_image(&image, size);
        if (!elf_abi_check(data, size, &reason))
            FUZZ_CHECK(reason != NULL && strlen(reason) > 0);
    } else {
        FUZZ_CHECK(reason != NULL);
    }
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        check_symbol(data, size, addresses[i]);
    if (size >= sizeof(header)) {
        memcpy(&header, data, sizeof(header));
        check_symbol(data, size, header.entry);
    }
    return 0;
}
