// SPDX-License-Identifier: BSD-2-Clause
// The real-time clock's reader on a fake clock: formats, an update in progress, nonsense, no chip.

#include "dev/rtc.h"

#include "unit.h"

#include <string.h>
#include <time.h>

#include "lib/time.h"
#include "log_capture.h"
#include "machine.h"

#define CENTURY 0x32u

static struct clock_chip {
    struct machine_chip chip;
    uint8_t index;
    uint8_t cmos[128];
    uint32_t updating_reads; // register A says so many more times that an update is under way
    uint32_t tick_after; // after so many more reads of seconds the clock ticks, without a warning; 0: never
} clock_chip;

static void tick(void)
{
    // 23:59:59 on the last of the year becomes the first of the next: every register changes.
    clock_chip.cmos[0x00] = clock_chip.cmos[0x02] = clock_chip.cmos[0x04] = 0;
    clock_chip.cmos[0x07] = clock_chip.cmos[0x08] = 1;
    clock_chip.cmos[0x09]++;
}

static uint32_t read_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)chip;
    (void)bytes;
    if (offset == 0)
        return 0xff;
    if (clock_chip.index == 0x0a && clock_chip.updating_reads > 0) {
        clock_chip.updating_reads--;
        return 0x80;
    }
    uint8_t value = clock_chip.cmos[clock_chip.index];
    if (clock_chip.tick_after != 0 && --clock_chip.tick_after == 0)
        tick();
    return value;
}

static void write_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)chip;
    (void)bytes;
    if (offset == 0) {
        assert_true(value < 0x80); // NMIs stay on
        clock_chip.index = (uint8_t)value;
    }
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    memset(&clock_chip, 0, sizeof(clock_chip));
    clock_chip.chip =
        (struct machine_chip){ .base = 0x70, .size = 2, .read = read_port, .write = write_port };
    machine_add_ports(&clock_chip.chip);
    return 0;
}

static uint8_t encode(bool binary, int value)
{
    return (uint8_t)(binary ? value : value / 10 * 16 + value % 10);
}

static void show(const struct tm *tm, bool binary, bool is_24h)
{
    int hour = tm->tm_hour;
    uint8_t pm = 0;
    if (!is_24h) {
        pm = hour >= 12 ? 0x80 : 0;
        hour = hour % 12 == 0 ? 12 : hour % 12;
    }
    clock_chip.cmos[0x00] = encode(binary, tm->tm_sec);
    clock_chip.cmos[0x02] = encode(binary, tm->tm_min);
    clock_chip.cmos[0x04] = encode(binary, hour) | pm;
    clock_chip.cmos[0x07] = encode(binary, tm->tm_mday);
    clock_chip.cmos[0x08] = encode(binary, tm->tm_mon + 1);
    clock_chip.cmos[0x09] = encode(binary, tm->tm_year % 100);
    clock_chip.cmos[CENTURY] = encode(binary, 19 + tm->tm_year / 100);
    clock_chip.cmos[0x0b] = (uint8_t)((binary ? 4 : 0) | (is_24h ? 2 : 0));
}

// Against the C library, over all formats and two centuries.
static void all_formats(void **state)
{
    (void)state;
    struct unit_random random = { 1 };
    for (uint32_t round = 0; round < 40000; round++) {
        time_t seconds = (time_t)unit_random_below(&random, 7258118400); // up to 2199
        struct tm tm;
        gmtime_r(&seconds, &tm);
        show(&tm, (round & 1) != 0, (round & 2) != 0);
        assert_int_equal(rtc_read_ns(CENTURY), (uint64_t)seconds * NSEC_PER_SEC);
    }
    assert_int_equal(log_capture_warnings, 0);
}

static void every_hour_of_the_day(void **state)
{
    (void)state;
    for (time_t hour = 0; hour < 24; hour++) {
        for (int format = 0; format < 4; format++) {
            time_t seconds = 1767225600 + hour * 3600;
            struct tm tm;
            gmtime_r(&seconds, &tm);
            show(&tm, (format & 1) != 0, (format & 2) != 0);
            assert_int_equal(rtc_read_ns(CENTURY), (uint64_t)seconds * NSEC_PER_SEC);
        }
    }
}

static void show_seconds(time_t seconds)
{
    struct tm tm;
    gmtime_r(&seconds, &tm);
    show(&tm, false, true);
}

static void without_century_register(void **state)
{
    (void)state;
    show_seconds(1767225600); // 2026
    assert_int_equal(rtc_read_ns(0), 1767225600 * NSEC_PER_SEC);
    clock_chip.cmos[CENTURY] = 0xff; // one that nobody keeps
    assert_int_equal(rtc_read_ns(CENTURY), 1767225600 * NSEC_PER_SEC);
    show_seconds(946684799); // 1999
    assert_int_equal(rtc_read_ns(0), 946684799 * NSEC_PER_SEC);
    assert_int_equal(rtc_read_ns(0xfe), 946684799 * NSEC_PER_SEC); // no such register
}

static void update_is_waited_out(void **state)
{
    (void)state;
    show_seconds(1767225600);
    clock_chip.updating_reads = 2000; // 2 ms of reads
    assert_int_equal(rtc_read_ns(CENTURY), 1767225600 * NSEC_PER_SEC);
    assert_int_equal(clock_chip.updating_reads, 0);
}

static void endless_update_is_given_up(void **state)
{
    (void)state;
    show_seconds(1767225600);
    clock_chip.updating_reads = UINT32_MAX;
    assert_int_equal(rtc_read_ns(CENTURY), 0);
    assert_non_null(strstr(log_capture_last, "no steady reading"));
}

// The year ends at any point of the reading: the result is one of the two moments, never a mixture.
static void tick_between_two_registers(void **state)
{
    (void)state;
    const uint64_t before = 1767225599 * NSEC_PER_SEC; // 2025-12-31 23:59:59
    const uint64_t after = 1767225600 * NSEC_PER_SEC;
    uint32_t old = 0;
    for (uint32_t at = 1; at < 40; at++) {
        setup(NULL);
        show_seconds(1767225599);
        clock_chip.tick_after = at;
        uint64_t read = rtc_read_ns(CENTURY);
        assert_true(read == before || read == after);
        old += read == before;
    }
    assert_true(old > 0 && old < 39); // both happened
}

static void nonsense_is_no_time(void **state)
{
    static const struct {
        uint8_t index, value;
    } bad[] = { { 0x00, 0x60 }, { 0x02, 0x5a }, { 0x04, 0x24 }, { 0x07, 0x00 }, { 0x07, 0x32 },
                { 0x08, 0x00 }, { 0x08, 0x13 }, { 0x09, 0xa0 }, { 0x00, 0xff }, { 0x02, 0x1f } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        setup(NULL);
        show_seconds(1767225600);
        clock_chip.cmos[bad[i].index] = bad[i].value;
        assert_int_equal(rtc_read_ns(CENTURY), 0);
        assert_non_null(strstr(log_capture_last, "no date"));
    }
    setup(NULL);
    show_seconds(1767225600);
    clock_chip.cmos[0x08] = 0x02;
    clock_chip.cmos[0x07] = 0x29; // 2026 is no leap year
    assert_int_equal(rtc_read_ns(CENTURY), 0);
    clock_chip.cmos[0x09] = 0x28;
    assert_true(rtc_read_ns(CENTURY) != 0);
    clock_chip.cmos[0x0b] = 0; // 12-hour mode has no hour 0
    clock_chip.cmos[0x04] = 0;
    assert_int_equal(rtc_read_ns(CENTURY), 0);
}

static void no_chip(void **state)
{
    (void)state;
    machine_reset();
    assert_int_equal(rtc_read_ns(CENTURY), 0);
    assert_int_equal(log_capture_warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_formats, setup),
        cmocka_unit_test_setup(every_hour_of_the_day, setup),
        cmocka_unit_test_setup(without_century_register, setup),
        cmocka_unit_test_setup(update_is_waited_out, setup),
        cmocka_unit_test_setup(endless_update_is_given_up, setup),
        cmocka_unit_test_setup(tick_between_two_registers, setup),
        cmocka_unit_test_setup(nonsense_is_no_time, setup),
        cmocka_unit_test_setup(no_chip, setup),
    };
    return cmocka_run_group_tests_name("rtc", tests, NULL, NULL);
}
