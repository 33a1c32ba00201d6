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

// What a linker script calls the first byte of the code is not what a reader looks for.
static void of_two_at_one_address_the_function_is_named(void **state)
{
    (void)state;
    for (unsigned int order = 0; order < 2; order++) {
        struct elf_symbol_entry *label = &example.symbols[order == 0 ? 3 : 1];
        struct elf_symbol_entry *other = &example.symbols[order == 0 ? 1 : 3];

        *other = (struct elf_symbol_entry){ 1, ELF_SYMBOL_FUNCTION, 0, 1, TEXT + 0x10, 0x20 };
        *label = (struct elf_symbol_entry){ 14, ELF_SYMBOL_NO_TYPE, 0, 1, TEXT + 0x10, 0 };
        assert_symbol(TEXT + 0x12, "main", 2);
        other->size = 0; // a function of assembly
        assert_symbol(TEXT + 0x12, "main", 2);
        label->size = 0x20;
        assert_symbol(TEXT + 0x12, "main", 2);
        other->info = ELF_SYMBOL_NO_TYPE;
        assert_symbol(TEXT + 0x12, "label", 2); // it has a size
    }
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
        cmocka_unit_test_setup(of_two_at_one_address_the_function_is_named, elf_example_start),
        cmocka_unit_test_setup(damaged_symbol_tables, elf_example_start),
    };

    return cmocka_run_group_tests_name("elf_symbols", tests, NULL, NULL);
}
