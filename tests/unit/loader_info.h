// SPDX-License-Identifier: BSD-2-Clause
// A multiboot2 loader's information, put together by the tests of boot/multiboot2.c tag by tag, and what comes of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"
#include "multiboot2.h"

#define MAGIC MULTIBOOT2_LOADER_MAGIC
#define TAG_PASSED_OVER 9u // ELF symbols
#define MEMORY_RESERVED 2u

// The loader's information under construction; the header's size is written by loader_info_finish().
struct info {
    uint8_t bytes[16384];
    size_t size;
};

extern struct info info;
extern struct boot_info out;
extern const char *reason; // why it was refused; null: it was not

// Nothing in it yet. For cmocka, before each test.
int loader_info_start(void **state);

// Put bytes, or a tag, behind what is there.
void loader_info_put(const void *bytes, size_t size);
void loader_info_tag(uint32_t type, const void *payload, size_t size);
void loader_info_text(uint32_t type, const char *text);
void loader_info_module(uint32_t from, uint32_t to, const char *line);

// A memory map, of entries of entry_size bytes, 24 or more; and that of a usual PC.
void loader_info_map(const struct multiboot2_memory_entry *entries, size_t count, uint32_t entry_size);
void loader_info_usual_map(void);

// The end tag and the header.
void loader_info_finish(void);

// Parse its first `size` bytes as they are; and all of it, once finished. What multiboot2_parse() returned.
bool loader_info_parse_exactly(size_t size);
bool loader_info_parse(void);

// Asserts that it was refused with `part` in the reason.
void loader_info_refused(const char *part);
