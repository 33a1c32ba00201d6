// SPDX-License-Identifier: BSD-2-Clause
// Reads what a multiboot2 loader (GRUB 2) hands over, into the neutral struct boot_info.
//
// The loader's information is a header of eight bytes and a row of tags, each of them starting on a multiple of
// eight bytes. Multiboot2 Specification 2.0, section 3.6 "Boot information format".
//
//   offset 0   total size, 32 bits, header included
//          4   reserved
//          8   tag: type (32 bits), size (32 bits, these eight bytes included, padding not), payload
//          ..  tag ..
//          ..  end tag: type 0, size 8
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/boot_info.h"

#define MULTIBOOT2_LOADER_MAGIC 0x36d76289u // in eax at the entry point, section 3.3

#define MULTIBOOT2_TAG_END 0u
#define MULTIBOOT2_TAG_COMMAND_LINE 1u
#define MULTIBOOT2_TAG_LOADER_NAME 2u
#define MULTIBOOT2_TAG_MODULE 3u
#define MULTIBOOT2_TAG_MEMORY_MAP 6u
#define MULTIBOOT2_TAG_FRAMEBUFFER 8u
#define MULTIBOOT2_TAG_ACPI_OLD 14u
#define MULTIBOOT2_TAG_ACPI_NEW 15u

#define MULTIBOOT2_MEMORY_AVAILABLE 1u // type of usable RAM in the memory map, section 3.6.8

struct multiboot2_header {
    uint32_t total_size;
    uint32_t reserved;
};

struct multiboot2_tag {
    uint32_t type;
    uint32_t size;
};

// Payload of a module tag; its line follows, NUL-terminated.
struct multiboot2_module {
    uint32_t start, end;
};

// Payload of a memory map tag; entries of `entry_size` bytes follow, of which the first 24 are the structure below.
struct multiboot2_memory_map {
    uint32_t entry_size;
    uint32_t entry_version;
};

struct multiboot2_memory_entry {
    uint64_t start;
    uint64_t length;
    uint32_t type;
    uint32_t reserved;
};

_Static_assert(sizeof(struct multiboot2_header) == 8, "layout of the specification");
_Static_assert(sizeof(struct multiboot2_tag) == 8, "layout of the specification");
_Static_assert(sizeof(struct multiboot2_module) == 8, "layout of the specification");
_Static_assert(sizeof(struct multiboot2_memory_map) == 8, "layout of the specification");
_Static_assert(sizeof(struct multiboot2_memory_entry) == 24, "layout of the specification");

// Fills `*out` from the loader's information at `info`, of which `readable_size` bytes may be read; `magic` is what
// eax held at the entry point. No byte outside the sizes stated by the header and by each tag is read, and
// nothing is assumed of their contents, so the function takes any bytes at all.
//
// A tag of an unknown type is passed over. What is not usable but not fatal (a module outside of RAM, a line that is too
// long) is logged by name and counted in out->complaints. False means that the whole is not to be relied
// upon, and *reason then names why, in words for the serial line; *out is then not to be used.
bool multiboot2_parse(uint32_t magic, const void *info, size_t readable_size, struct boot_info *out,
                      const char **reason);
