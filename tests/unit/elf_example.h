// SPDX-License-Identifier: BSD-2-Clause
// A small good ELF image, which the tests of hv/vm/elf.c damage.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/lull.h"
#include "vm/elf.h"
#include "vm/elf_format.h"

#define PAGE LULL_PAGE_SIZE
#define TEXT LULL_IMAGE_START
#define DATA (LULL_IMAGE_START + 2 * PAGE)

#define PROGRAMS 2u
#define SECTIONS 4u
#define SYMBOLS 5u

// A small good image. Tests damage a copy.
struct example {
    struct elf_header header;
    struct elf_program programs[PROGRAMS];
    struct elf_section sections[SECTIONS]; // null, text, symbols, strings
    struct elf_symbol_entry symbols[SYMBOLS];
    char strings[32];
    uint8_t text[0x180];
    uint8_t data[0x40];
};

extern struct example example;

// Sets it up anew. For cmocka, before each test.
int elf_example_start(void **state);

// elf_symbol() of a copy on the heap, so that the sanitizer sees a read behind it.
bool elf_example_symbol(uint64_t address, char name[ELF_SYMBOL_NAME_SIZE], uint64_t *offset);
