// SPDX-License-Identifier: BSD-2-Clause
// What the loader knows, in neutral form: boot/ fills it in, nobody else speaks multiboot2.
// All addresses are physical. Strings are copied, so the loader's memory may be reused except for the
// modules themselves, which the page allocator keeps out of its pool.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BOOT_INFO_MEMORY_MAX 128
#define BOOT_INFO_MODULES_MAX 256
#define BOOT_INFO_LINE_MAX 1024

struct boot_memory_range {
    uint64_t start, end; // usable RAM only, page aligned inwards, sorted, not overlapping
};

struct boot_module {
    uint64_t start, end;           // bytes [start, end)
    char line[BOOT_INFO_LINE_MAX]; // "NAME key=value ... -- guest arguments"
};

enum boot_screen_kind {
    BOOT_SCREEN_NONE,
    BOOT_SCREEN_TEXT,   // the VGA's text mode: cells of two bytes, at 0xb8000
    BOOT_SCREEN_PIXELS, // a linear framebuffer
};

// Where in a pixel a colour is: `size` bits (1 .. 8) from bit `position` on.
struct boot_screen_field {
    uint8_t position, size;
};

// The screen as the loader left it. A framebuffer lies outside of usable RAM and has room for a line of 40 characters
// at least.
struct boot_screen {
    enum boot_screen_kind kind;
    uint64_t phys;
    uint32_t width, height;  // pixels, or characters
    uint32_t pitch;          // bytes from one row to the next
    uint32_t bits_per_pixel; // 16, 24 or 32
    struct boot_screen_field red, green, blue;
};

struct boot_info {
    char loader[64];
    char line[BOOT_INFO_LINE_MAX]; // the boot line, "key=value ..."
    uint32_t memory_count;
    struct boot_memory_range memory[BOOT_INFO_MEMORY_MAX];
    uint64_t start_page; // a free page of RAM below 640 KiB, for the start of further CPUs; 0: there is none
    uint32_t module_count;
    struct boot_module modules[BOOT_INFO_MODULES_MAX];
    struct boot_screen screen;
    bool has_rsdp;
    uint8_t rsdp[36];    // copy of the RSDP (version 2 length; version 1 fills 20 bytes)
    uint32_t complaints; // how many tags or lines were cut or ignored; each was logged by name
};
