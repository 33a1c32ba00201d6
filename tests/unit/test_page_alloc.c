// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/page_alloc.c over an array that stands for RAM; the sanitizer sees every stray access.

#include "core/page_alloc.h"

#include "core/page_debug.h"
#include "log_capture.h"
#include "unit.h"
#include "x86/paging.h"

#include <stdlib.h>
#include <string.h>

#define PAGE PAGE_ALLOC_PAGE_SIZE
#define RAM_START 0x100000ull
#define RAM_PAGES 64u

uint8_t *fake_ram;
uint64_t fake_ram_start = RAM_START;
uint64_t fake_notes[FAKE_NOTES];

static const struct boot_memory_range two_ranges[] = {
    { RAM_START, RAM_START + 4 * PAGE },
    { RAM_START + 8 * PAGE, RAM_START + 16 * PAGE },
};

static int allocate_ram(void **state)
{
    (void)state;
    fake_ram = malloc(RAM_PAGES * PAGE);
    memset(fake_ram, 0xa5, RAM_PAGES * PAGE);
    memset(fake_notes, 0, sizeof(fake_notes));
    log_capture_reset();
    return fake_ram == NULL;
}

static int free_ram(void **state)
{
    (void)state;
    free(fake_ram);
    return 0;
}

static void assert_zero_page(uint64_t phys)
{
    static const uint8_t zeros[PAGE];

    assert_memory_equal(phys_to_virt(phys), zeros, PAGE);
}

static void gives_every_page_once_lowest_first(void **state)
{
    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    assert_int_equal(page_alloc_total_count(), 12);
    for (unsigned int i = 0; i < 12; i++) {
        uint64_t expected = RAM_START + (i < 4 ? i : i + 4) * PAGE;

        assert_int_equal(page_alloc_free_count(), 12 - i);
        assert_int_equal(page_alloc(), expected);
        assert_zero_page(expected);
        memset(phys_to_virt(expected), 0xff, PAGE);
    }
    assert_int_equal(page_alloc(), 0);
    assert_int_equal(page_alloc(), 0);
    assert_int_equal(page_alloc_free_count(), 0);
    assert_int_equal(page_alloc_total_count(), 12);
}

static void reserved_pages_stay_out(void **state)
{
    static const struct boot_memory_range reserved[] = {
        { RAM_START + 9 * PAGE + 100, RAM_START + 9 * PAGE + 101 }, // one byte: its page
        { RAM_START - 5, RAM_START + 1 },                           // reaches over the start
        { RAM_START + 15 * PAGE + 1, RAM_START + 40 * PAGE },       // and over the end
    };
    uint64_t phys;
    unsigned int count = 0;

    (void)state;
    page_alloc_init(two_ranges, 2, reserved, 3, false);
    assert_int_equal(page_alloc_total_count(), 9);
    while ((phys = page_alloc()) != 0) {
        assert_int_not_equal(phys, RAM_START);
        assert_int_not_equal(phys, RAM_START + 9 * PAGE);
        assert_int_not_equal(phys, RAM_START + 15 * PAGE);
        count++;
    }
    assert_int_equal(count, 9);
}

static void boot_does_not_touch_unused_ram(void **state)
{
    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    page_alloc();
    for (size_t i = PAGE; i < RAM_PAGES * PAGE; i++)
        assert_int_equal(fake_ram[i], 0xa5);
}

static void freed_pages_come_back_as_zeros(void **state)
{
    uint64_t a, b;

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    a = page_alloc();
    b = page_alloc();
    memset(phys_to_virt(a), 0xee, PAGE);
    page_free(a);
    page_free(b);
    assert_int_equal(page_alloc_free_count(), 12);
    assert_int_equal(page_alloc(), b);
    assert_int_equal(page_alloc(), a);
    assert_zero_page(a);
    assert_int_equal(page_alloc_free_count(), 10);
}

static void page_tables_are_pages(void **state)
{
    uint64_t table;

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    table = paging_table_alloc();
    assert_int_equal(table, RAM_START);
    assert_zero_page(table);
    assert_int_equal(page_alloc_free_count(), 11);
    paging_table_free(table);
    assert_int_equal(page_alloc_free_count(), 12);
}

static void free_twice(uint64_t phys)
{
    page_free(phys);
    page_free(phys);
}

static void wrong_frees_are_caught(void **state)
{
    uint64_t a, b;

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    a = page_alloc();
    b = page_alloc();
    expect_assert_failure(free_twice(a));
    page_free(b);
    expect_assert_failure(page_free(a));                     // deep in the list
    expect_assert_failure(page_free(0));                     // no page
    expect_assert_failure(page_free(RAM_START + 5 * PAGE));  // between the ranges
    expect_assert_failure(page_free(RAM_START + 12 * PAGE)); // never given
    expect_assert_failure(page_free(RAM_START + 2 * PAGE));  // never given, same range
    expect_assert_failure(page_free(a + 8));                 // not a page's start
    expect_assert_failure(page_free(UINT64_MAX - PAGE + 1));
}

// A page whose contents happen to be a seal is still a page in use.
static void seal_in_the_contents_is_no_double_free(void **state)
{
    uint64_t a;
    uint8_t freed[16];

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    a = page_alloc();
    page_free(a);
    memcpy(freed, phys_to_virt(a), sizeof(freed));
    assert_int_equal(page_alloc(), a);
    memcpy(phys_to_virt(a), freed, sizeof(freed));
    page_free(a);
    assert_int_equal(page_alloc_free_count(), 12);
}

static void write_after_free_is_caught(void **state)
{
    uint64_t a;

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    a = page_alloc();
    page_free(a);
    memset(phys_to_virt(a), 0, PAGE);
    expect_assert_failure(page_alloc());
}

static void too_many_ranges_are_said(void **state)
{
    enum { COUNT = BOOT_INFO_MEMORY_MAX + BOOT_INFO_MODULES_MAX + 3 };
    static struct boot_memory_range many[COUNT];

    (void)state;
    for (unsigned int i = 0; i < COUNT; i++)
        many[i] = (struct boot_memory_range){ (2 * i + 1) * PAGE, (2 * i + 2) * PAGE };
    page_alloc_init(many, COUNT, NULL, 0, false);
    assert_int_equal(log_capture_warnings, 1);
    assert_int_equal(page_alloc_total_count(), COUNT - 3);
}

// Any order of calls keeps the books: no page is given twice, none is lost.
static void random_calls_keep_the_books(void **state)
{
    struct unit_random random = { 7 };
    bool used[RAM_PAGES] = { false };
    unsigned int in_use = 0;

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, false);
    for (int i = 0; i < 100000; i++) {
        if (unit_random_below(&random, 2) == 0) {
            uint64_t phys = page_alloc();

            assert_int_equal(phys == 0, in_use == 12);
            if (phys == 0)
                continue;
            assert_false(used[(phys - RAM_START) / PAGE]);
            used[(phys - RAM_START) / PAGE] = true;
            in_use++;
            assert_zero_page(phys);
            memset(phys_to_virt(phys), (int)unit_random_below(&random, 256), PAGE);
        } else {
            uint64_t page = unit_random_below(&random, 16);

            if (!used[page])
                continue;
            page_free(RAM_START + page * PAGE);
            used[page] = false;
            in_use--;
        }
        assert_int_equal(page_alloc_free_count(), 12 - in_use);
    }
}

// ---- debug=pages ------------------------------------------------------------------------------------------------

static const char *explain(uint64_t phys)
{
    return page_debug_explain((uint64_t)phys_to_virt(phys) + 5);
}

static void start_debug(void)
{
    page_alloc_init(two_ranges, 2, NULL, 0, true);
    page_alloc_start_debug();
}

static void every_other_page_is_red(void **state)
{
    (void)state;
    start_debug();
    assert_int_equal(page_alloc_total_count(), 6);
    for (unsigned int i = 0; i < 6; i++) {
        uint64_t phys = RAM_START + (i < 2 ? 2 * i : 2 * i + 4) * PAGE;

        assert_string_equal(explain(phys), ": a page that was never given out is used");
        assert_int_equal(page_alloc(), phys);
        assert_zero_page(phys);
        assert_string_equal(explain(phys), "");
        assert_string_equal(explain(phys + PAGE), ": a red page is touched, beside one that may be in use");
    }
    assert_int_equal(page_alloc(), 0);
}

// Also where a page was given out before pages can be hidden, as page tables are at boot.
static void what_is_freed_is_hidden_and_comes_back_late(void **state)
{
    uint64_t pages[6];

    (void)state;
    page_alloc_init(two_ranges, 2, NULL, 0, true);
    pages[0] = page_alloc();
    page_alloc_start_debug();
    for (unsigned int i = 1; i < 6; i++)
        pages[i] = page_alloc();
    memset(phys_to_virt(pages[0]), 0xee, PAGE);
    for (unsigned int i = 0; i < 6; i++) {
        page_free(pages[i]);
        assert_string_equal(explain(pages[i]), ": a page that is free is used");
        for (unsigned int at = 0; at < PAGE; at++) // nothing of it is left
            assert_int_not_equal(*((uint8_t *)phys_to_virt(pages[i]) + at), 0xee);
    }
    assert_int_equal(page_alloc_free_count(), 6);
    for (unsigned int i = 0; i < 6; i++) {
        assert_int_equal(page_alloc(), pages[i]); // first in, first out
        assert_zero_page(pages[i]);
    }
    assert_int_equal(page_alloc(), 0);
}

static void unused_ram_comes_before_freed_pages(void **state)
{
    uint64_t a;

    (void)state;
    start_debug();
    a = page_alloc();
    page_free(a);
    for (unsigned int i = 1; i < 6; i++)
        assert_int_not_equal(page_alloc(), a);
    assert_int_equal(page_alloc(), a);
}

static void any_write_after_free_is_caught(void **state)
{
    static const unsigned int places[] = { 0, 8, 100, PAGE - 1 };

    (void)state;
    for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint64_t pages[6];

        memset(fake_notes, 0, sizeof(fake_notes));
        start_debug();
        for (unsigned int j = 0; j < 6; j++)
            pages[j] = page_alloc();
        page_free(pages[3]);
        *((uint8_t *)phys_to_virt(pages[3]) + places[i]) ^= 1;
        expect_assert_failure(page_alloc());
    }
}

static void wrong_frees_are_caught_carefully(void **state)
{
    uint64_t a, b;

    (void)state;
    start_debug();
    a = page_alloc();
    b = page_alloc();
    page_free(a);
    memset(phys_to_virt(a), 0, PAGE); // whatever is written there
    expect_assert_failure(page_free(a));
    expect_assert_failure(page_free(a + PAGE));     // red
    expect_assert_failure(page_free(b + 2 * PAGE)); // never given
    expect_assert_failure(page_free(b + 8));
    page_free(b);
    expect_assert_failure(page_free(b));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, allocate_ram, free_ram)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_every_page_once_lowest_first),
        TEST(reserved_pages_stay_out),
        TEST(boot_does_not_touch_unused_ram),
        TEST(freed_pages_come_back_as_zeros),
        TEST(page_tables_are_pages),
        TEST(wrong_frees_are_caught),
        TEST(seal_in_the_contents_is_no_double_free),
        TEST(write_after_free_is_caught),
        TEST(too_many_ranges_are_said),
        TEST(random_calls_keep_the_books),
        TEST(every_other_page_is_red),
        TEST(what_is_freed_is_hidden_and_comes_back_late),
        TEST(unused_ram_comes_before_freed_pages),
        TEST(any_write_after_free_is_caught),
        TEST(wrong_frees_are_caught_carefully),
    };

    return cmocka_run_group_tests_name("page_alloc", tests, NULL, NULL);
}
