// SPDX-License-Identifier: BSD-2-Clause
// The structures and numbers of an ELF64 file, as the System V ABI (chapters 4 and 5) lays them out.
#pragma once

#include <stdint.h>

#define ELF_MAGIC 0x464c457fu // 0x7f, 'E', 'L', 'F'
#define ELF_CLASS_64 2
#define ELF_DATA_LITTLE_ENDIAN 1
#define ELF_VERSION_CURRENT 1
#define ELF_TYPE_EXECUTABLE 2
#define ELF_MACHINE_X86_64 62

#define ELF_PROGRAM_LOAD 1
#define ELF_PROGRAM_NOTE 4

#define ELF_FLAG_EXECUTE (1u << 0)
#define ELF_FLAG_WRITE (1u << 1)

#define ELF_SECTION_SYMBOLS 2

#define ELF_SYMBOL_TYPE_MASK 0xfu
#define ELF_SYMBOL_FUNCTION 2u
#define ELF_SYMBOL_NO_TYPE 0u // labels of assembly code
#define ELF_SECTION_INDEX_UNDEFINED 0u

struct elf_header {
    uint32_t magic;
    uint8_t class, data, version, os_abi;
    uint8_t padding[8];
    uint16_t type, machine;
    uint32_t file_version;
    uint64_t entry;
    uint64_t program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size;
    uint16_t program_size, program_count;
    uint16_t section_size, section_count, section_names;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr;
    uint64_t file_size, mem_size;
    uint64_t align;
};

struct elf_section {
    uint32_t name, type;
    uint64_t flags, address;
    uint64_t offset, size;
    uint32_t link, info;
    uint64_t align, entry_size;
};

struct elf_symbol_entry {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

_Static_assert(sizeof(struct elf_header) == 64, "layout of the specification");
_Static_assert(sizeof(struct elf_program) == 56, "layout of the specification");
_Static_assert(sizeof(struct elf_section) == 64, "layout of the specification");
_Static_assert(sizeof(struct elf_symbol_entry) == 24, "layout of the specification");
