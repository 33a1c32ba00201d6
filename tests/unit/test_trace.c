// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/trace.c: rings of two CPUs, which classes are kept, what goes when they are full, memory.

#include "core/trace.h"

#include "log_capture.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/page_alloc.h"
#include "machine.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

#define RING_PAGES 66 // of each CPU: the head, a table, and 8192 records of 32 bytes

static int pages_left, pages_in_use;

uint64_t page_alloc(void)
{
    if (pages_left == 0)
        return 0;
    pages_left--;
    pages_in_use++;
    uint64_t *page = aligned_alloc(PAGE_ALLOC_PAGE_SIZE, PAGE_ALLOC_PAGE_SIZE);
    assert_non_null(page);
    for (size_t i = 0; i < PAGE_ALLOC_PAGE_SIZE / sizeof(*page); i++)
        page[i] = 0;
    return (uint64_t)page;
}

void page_free(uint64_t phys)
{
    pages_left++;
    pages_in_use--;
    free((void *)phys);
}

static struct cpu other;

static int start(void **state)
{
    (void)state;
    machine_reset();
    cpu_table[1] = &other;
    cpu_count = 2;
    pages_left = 2 * RING_PAGES;
    pages_in_use = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    trace_close();
    assert_int_equal(pages_in_use, 0);
    cpu_count = 1;
    return 0;
}

static void keeps_what_was_written(void **state)
{
    (void)state;
    assert_int_equal(trace_written(cpu_this()), 0);
    assert_null(trace_record(cpu_this(), 0));
    assert_true(trace_open(TRACE_ALL));
    assert_int_equal(pages_in_use, 2 * RING_PAGES);
    trace_write_at(77, TRACE_EXPIRE, 3, 5, 100, 200);
    uint64_t before_tsc = tsc_read();
    trace_write(TRACE_STOP, 4, 1, 0, 0);
    assert_int_equal(trace_written(cpu_this()), 2);
    assert_int_equal(trace_written(&other), 0);

    const struct trace_record *record = trace_record(cpu_this(), 0);
    assert_int_equal(record->tsc, 77);
    assert_int_equal(record->event, TRACE_EXPIRE);
    assert_int_equal(record->guest, 3);
    assert_int_equal(record->detail, 5);
    assert_int_equal(record->a, 100);
    assert_int_equal(record->b, 200);
    record = trace_record(cpu_this(), 1);
    assert_int_equal(record->event, TRACE_STOP);
    assert_true(record->tsc >= before_tsc && record->tsc <= tsc_read());
    assert_null(trace_record(cpu_this(), 2));
}

static void keeps_the_last(void **state)
{
    const uint64_t more = 1000;

    (void)state;
    assert_true(trace_open(TRACE_ALL));
    for (uint64_t i = 0; i < TRACE_RECORDS_DEFAULT + more; i++)
        trace_write(TRACE_RUN, 0, 0, i, ~i);
    assert_int_equal(trace_written(cpu_this()), TRACE_RECORDS_DEFAULT + more);
    assert_int_equal(trace_lost(cpu_this()), more);
    assert_null(trace_record(cpu_this(), more - 1));
    for (uint64_t i = more; i < TRACE_RECORDS_DEFAULT + more; i++) {
        assert_int_equal(trace_record(cpu_this(), i)->a, i);
        assert_int_equal(trace_record(cpu_this(), i)->b, ~i);
    }
}

// One of each event with each class alone; together they are all, and two that come with each.
static void keeps_the_wanted_classes(void **state)
{
    uint64_t sum = 0;

    (void)state;
    for (uint32_t class = 1; class <= TRACE_ALL; class <<= 1) {
        assert_true(trace_open(class));
        assert_int_equal(trace_classes(), class);
        uint64_t first = trace_written(cpu_this());
        for (uint32_t event = 0; event < TRACE_EVENTS; event++)
            trace_write((enum trace_event)event, 0, 0, 0, 0);
        uint64_t count = trace_written(cpu_this()) - first;
        assert_true(count >= 3); // two are of all of them
        sum += count;
    }
    assert_int_equal(sum, TRACE_EVENTS + 8);
    assert_true(trace_open(0)); // what is there stays
    trace_write(TRACE_RUN, 0, 0, 0, 0);
    assert_int_equal(trace_written(cpu_this()), sum);
}

// More than one table of pages, and the smallest.
static void has_as_many_as_wanted(void **state)
{
    const uint32_t wanted[] = { 1, 1024, 100000, 131072 };
    const uint32_t kept[] = { 1024, 1024, 131072, 131072 };

    (void)state;
    pages_left = 100000;
    for (int i = 0; i < 4; i++) {
        trace_set_records(wanted[i]);
        assert_int_equal(trace_records(), kept[i]);
        assert_true(trace_open(TRACE_ALL));
        trace_set_records(TRACE_RECORDS_DEFAULT);
        assert_int_equal(trace_records(), kept[i]); // it is made already
        for (uint64_t n = 0; n < kept[i] + 3; n++)
            trace_write(TRACE_RUN, 0, 0, n, 0);
        assert_int_equal(trace_lost(cpu_this()), 3);
        assert_int_equal(trace_lost(&other), 0);
        for (uint64_t n = 3; n < kept[i] + 3; n++)
            assert_int_equal(trace_record(cpu_this(), n)->a, n);
        trace_close();
        assert_int_equal(pages_in_use, 0);
    }
}

static void phases_have_a_text(void **state)
{
    (void)state;
    assert_int_equal(trace_text(""), 0);
    assert_int_equal(trace_text("ab"), 'b' << 8 | 'a');
    assert_int_equal(trace_text("12345678"), 0x3837363534333231);
    assert_int_equal(trace_text("123456789"), trace_text("12345678"));
    assert_true(trace_open(TRACE_MARKS));
    trace_phase("ab", 7);
    const struct trace_record *record = trace_record(cpu_this(), 0);
    assert_true(record->event == TRACE_PHASE && record->guest == 0 && record->a == trace_text("ab") &&
                record->b == 7);
}

static void prints_the_last(void **state)
{
    (void)state;
    log_capture_reset();
    trace_print_last(8);
    assert_string_equal(log_capture_written, ""); // there is no ring
    assert_true(trace_open(TRACE_ALL));
    for (uint64_t i = 0; i < 3; i++)
        trace_write(TRACE_STOP, 9, 2, i, 0xabc);
    trace_print_last(2);
    assert_non_null(strstr(log_capture_written, " ticks ago  guest 9  stop 2  0x1 0xabc\n"));
    assert_non_null(strstr(log_capture_written, " ticks ago  guest 9  stop 2  0x2 0xabc\n"));
    assert_null(strstr(log_capture_written, "0x0 0xabc"));
}

static void leaves_nothing_without_memory(void **state)
{
    (void)state;
    for (int pages = 0; pages < 2 * RING_PAGES; pages++) {
        pages_left = pages;
        assert_false(trace_open(TRACE_ALL));
        assert_int_equal(trace_classes(), 0);
        assert_int_equal(pages_in_use, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_was_written, start, stop),
        cmocka_unit_test_setup_teardown(keeps_the_last, start, stop),
        cmocka_unit_test_setup_teardown(keeps_the_wanted_classes, start, stop),
        cmocka_unit_test_setup_teardown(has_as_many_as_wanted, start, stop),
        cmocka_unit_test_setup_teardown(phases_have_a_text, start, stop),
        cmocka_unit_test_setup_teardown(prints_the_last, start, stop),
        cmocka_unit_test_setup_teardown(leaves_nothing_without_memory, start, stop),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
