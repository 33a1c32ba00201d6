// SPDX-License-Identifier: BSD-2-Clause
// The good image: two segments, and three named functions and labels.

#include "elf_example.h"

#include <stdlib.h>
#include <string.h>

struct example example;

int elf_example_start(void **state)
{
    (void)state;
    memset(&example, 0, sizeof(example));
    example.header = (struct elf_header){
        .magic = ELF_MAGIC,
        .class = ELF_CLASS_64,
        .data = ELF_DATA_LITTLE_ENDIAN,
        .version = ELF_VERSION_CURRENT,
        .type = ELF_TYPE_EXECUTABLE,
        .machine = ELF_MACHINE_X86_64,
        .entry = TEXT + 0x10,
        .program_offset = offsetof(struct example, programs),
        .section_offset = offsetof(struct example, sections),
        .program_size = sizeof(struct elf_program),
        .program_count = PROGRAMS,
        .section_size = sizeof(struct elf_section),
        .section_count = SECTIONS,
    };
    example.programs[0] = (struct elf_program){
        .type = ELF_PROGRAM_LOAD,
        .flags = ELF_FLAG_EXECUTE,
        .offset = offsetof(struct example, text),
        .vaddr = TEXT,
        .file_size = sizeof(example.text),
        .mem_size = sizeof(example.text),
    };
    example.programs[1] = (struct elf_program){
        .type = ELF_PROGRAM_LOAD,
        .flags = ELF_FLAG_WRITE,
        .offset = offsetof(struct example, data),
        .vaddr = DATA,
        .file_size = sizeof(example.data),
        .mem_size = PAGE + 1,
    };
    example.sections[1] = (struct elf_section){ .type = 1, .address = TEXT, .size = sizeof(example.text) };
    example.sections[2] = (struct elf_section){
        .type = ELF_SECTION_SYMBOLS,
        .offset = offsetof(struct example, symbols),
        .size = sizeof(example.symbols),
        .link = 3,
    };
    example.sections[3] = (struct elf_section){
        .type = 3,
        .offset = offsetof(struct example, strings),
        .size = sizeof(example.strings),
    };
    memcpy(example.strings, "\0main\0handler\0label\0bad\x1b", 25);
    example.symbols[1] = (struct elf_symbol_entry){ 1, ELF_SYMBOL_FUNCTION, 0, 1, TEXT + 0x10, 0x20 };
    example.symbols[2] = (struct elf_symbol_entry){ 6, ELF_SYMBOL_FUNCTION, 0, 1, TEXT + 0x40, 0x20 };
    example.symbols[3] = (struct elf_symbol_entry){ 14, ELF_SYMBOL_NO_TYPE, 0, 1, TEXT + 0x80, 0 };
    example.symbols[4] = (struct elf_symbol_entry){ 20, ELF_SYMBOL_FUNCTION, 0, 1, TEXT + 0x100, 0x20 };
    return 0;
}

bool elf_example_symbol(uint64_t address, char name[ELF_SYMBOL_NAME_SIZE], uint64_t *offset)
{
    uint8_t *copy = malloc(sizeof(example));
    bool ok;

    memcpy(copy, &example, sizeof(example));
    ok = elf_symbol(copy, sizeof(example), address, name, offset);
    free(copy);
    return ok;
}
