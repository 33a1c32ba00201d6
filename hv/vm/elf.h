// SPDX-License-Identifier: BSD-2-Clause
// Checks of a guest image: an ELF64 executable for x86-64, all of whose bytes may be hostile.
//
// Pure functions over (bytes, size): nothing is read outside of them, nothing is loaded. The loader copies the segments
// that elf_validate() lets through, page by page, and needs no checks of its own. System V ABI, chapters 4
// and 5 ("Object Files", "Program Loading"); sections are looked at for symbol names only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 16
#define ELF_MEMORY_MAX (64ull << 20) // all segments together, in whole pages
#define ELF_SYMBOL_NAME_SIZE 48

// One segment: file_size bytes from file_offset of the image go to vaddr, zeros follow up to mem_size.
struct elf_segment {
    uint64_t vaddr; // page aligned
    uint64_t file_offset, file_size;
    uint64_t mem_size;         // at least 1 and at least file_size
    bool writable, executable; // never both
};

struct elf_image {
    uint64_t entry; // inside an executable segment
    uint32_t segment_count;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; // sorted by vaddr, no page belongs to two
    uint64_t end;                                  // page-aligned top of the highest segment
};

// Checks that the image can be loaded into [LULL_IMAGE_START, LULL_WINDOW_END) and describes it in `*out`. False where
// it is refused; *reason then says why, differently for each check. Any context.
bool elf_validate(const void *image, size_t size, struct elf_image *out, const char **reason);

// Finds the function that contains `address` in the image's symbol table. Copies its name (cut to fit, bytes that are
// not printable as '?') and stores the distance from its start. False where there is none. Any context.
bool elf_symbol(const void *image, size_t size, uint64_t address, char name[ELF_SYMBOL_NAME_SIZE],
                uint64_t *offset);
