// SPDX-License-Identifier: BSD-2-Clause
// Unit test of vm/elf.c: the names of functions in an image, and symbol tables that lie.

#include "vm/elf.h"

#include "elf_example.h"
#include "unit.h"

#include <string.h>

static void assert_symbol(uint64_t address, const char *expected, uint64_t expected_offset)
{
    char name[ELF_SYMBOL_NAME_SIZE];
    uint64_t offset;

    assert_true(elf_example_symbol(address, name, &offset));
    assert_string_equal(name, expected);
    assert_int_equal(offset, expected_offset);
}

static void assert_no_symbol(uint64_t address)
{
    char name[ELF_SYMBOL_NAME_SIZE];
    uint64_t offset;

    assert_false(elf_example_symbol(address, name, &offset));
}

static void symbols(void **state)
{
    (void)state;
    assert_symbol(TEXT + 0x10, "main", 0);
    assert_symbol(TEXT + 0x2f, "main", 0x1f);
    assert_no_symbol(TEXT + 0x30);
    assert_symbol(TEXT + 0x5f, "handler", 0x1f);
    assert_symbol(TEXT + 0x90, "label", 0x10); // no size: up to the end of its section
    assert_symbol(TEXT + 0x110, "bad?", 0x10); // what a terminal would obey is not shown
    assert_symbol(TEXT + 0x17f, "label", 0xff);
    assert_no_symbol(TEXT + 0x180);
    assert_no_symbol(TEXT);
    assert_no_symbol(0);
    assert_no_symbol(UINT64_MAX);
}

static void damaged_symbol_tables(void **state)
{
    (void)state;
    example.symbols[1].name = sizeof(example.strings); // outside the strings
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.symbols[1].name = 0; // no name
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.sections[2].link = SECTIONS;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.header.section_count = 3; // the strings' section lies right behind the table
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.sections[0] = example.sections[3];
    example.sections[3] = example.sections[1];
    example.sections[2].link = 0;
    example.symbols[3].section = 3;
    assert_symbol(TEXT + 0x90, "label", 0x10);
    example.header.section_count = 3; // the label's section lies right behind the table
    assert_no_symbol(TEXT + 0x90);
    elf_example_start(NULL);
    example.sections[2].size = UINT64_MAX;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.sections[2].offset = UINT64_MAX - 8;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.sections[3].size = sizeof(example);
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.header.section_offset = UINT64_MAX - 100;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.header.section_size = 1;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.header.section_count = UINT16_MAX;
    assert_no_symbol(TEXT + 0x10);
    elf_example_start(NULL);
    example.symbols[3].section = UINT16_MAX;
    assert_no_symbol(TEXT + 0x90);
    elf_example_start(NULL);
    example.sections[3].size = 21; // the name's end is the table's end
    assert_symbol(TEXT + 0x100, "b", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(symbols, elf_example_start),
        cmocka_unit_test_setup(damaged_symbol_tables, elf_example_start),
    };

    return cmocka_run_group_tests_name("elf_symbols", tests, NULL, NULL);
}
