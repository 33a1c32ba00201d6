// SPDX-License-Identifier: BSD-2-Clause
// Unit test of core/trace_stream.c: frames are read back here by a second writing of the format, and hold what was put
// in, at the edges of what fits.

#include "core/trace_stream.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "core/trace.h"
#include "lib/crc32.h"

#define RECORDS 1000u

static struct trace_record records[RECORDS];
static uint64_t first_kept, written;
static struct trace_frame frame;

const struct trace_record *trace_record(const struct cpu *cpu, uint64_t number)
{
    (void)cpu;
    return number >= first_kept && number < written ? &records[number % RECORDS] : NULL;
}

static uint64_t get(uint32_t at, uint32_t size)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < size; i++)
        value |= (uint64_t)frame.bytes[at + i] << 8 * i;
    return value;
}

// The frame is sound; returns the end of its content.
static uint32_t check_frame(enum trace_frame_type type, uint32_t cpu, uint32_t sequence)
{
    assert_memory_equal(frame.bytes, "LTR1", 4);
    assert_int_equal(frame.bytes[4], type);
    assert_int_equal(frame.bytes[5], cpu);
    assert_int_equal(get(8, 4), sequence);
    assert_in_range(frame.length, TRACE_FRAME_HEAD + 4, TRACE_FRAME_MAX);
    assert_int_equal(get(6, 2), frame.length - TRACE_FRAME_HEAD - 4);
    assert_int_equal(get(frame.length - 4, 4), crc32(0, frame.bytes + 4, frame.length - 8));
    return frame.length - 4;
}

static uint64_t number(uint32_t *at)
{
    uint64_t value = 0;
    uint32_t shift = 0;

    do
        value |= (uint64_t)(frame.bytes[*at] & 0x7f) << shift;
    while (shift += 7, (frame.bytes[(*at)++] & 0x80) != 0);
    return value;
}

static uint64_t difference(uint32_t *at)
{
    uint64_t value = number(at);

    return value >> 1 ^ (0 - (value & 1));
}

// All records go out in frames, and come back as they were.
static void send_all(void)
{
    uint32_t frames = 0;
    uint64_t next = first_kept;

    frame.sequence = 0;
    while (next < written) {
        trace_frame_begin(&frame, TRACE_FRAME_RECORDS, 5);
        uint64_t behind = trace_frame_put_records(&frame, NULL, next);
        trace_frame_end(&frame);
        uint32_t end = check_frame(TRACE_FRAME_RECORDS, 5, frames++), at = TRACE_FRAME_HEAD + 8;
        assert_int_equal(get(TRACE_FRAME_HEAD, 8), next);
        assert_true(behind > next);
        struct trace_record read = { 0 };
        for (; at < end; next++) {
            const struct trace_record *record = trace_record(NULL, next);
            assert_int_equal(number(&at), record->event);
            assert_int_equal(read.tsc += number(&at), record->tsc);
            assert_int_equal(number(&at), record->guest);
            assert_int_equal(number(&at), record->detail);
            assert_int_equal(read.a += difference(&at), record->a);
            assert_int_equal(read.b += difference(&at), record->b);
        }
        assert_int_equal(at, end);
        assert_int_equal(next, behind);
    }
}

static void records_come_back(void **state)
{
    static const uint64_t edges[] = { 0, 1, 63, 64, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX };
    struct unit_random random = { 7 };
    uint64_t tsc = 1ull << 40;

    (void)state;
    first_kept = 5;
    written = RECORDS;
    for (uint32_t i = 0; i < RECORDS; i++) {
        tsc += unit_random_below(&random, 300);
        records[i] = (struct trace_record){
            .tsc = tsc,
            .event = (uint16_t)unit_random_below(&random, TRACE_EVENTS),
            .guest = (uint32_t)unit_random_below(&random, 300),
            .detail = (uint16_t)unit_random_below(&random, 65536),
            .a = edges[unit_random_below(&random, 7)],
            .b = unit_random_below(&random, 2) ? tsc : edges[unit_random_below(&random, 7)],
        };
    }
    send_all();
}

// The longest record that there can be, behind another such of the other `half`: everything is at its end, and differs by
// as much as it can.
static struct trace_record longest(bool half, uint64_t tsc)
{
    uint64_t far = half ? 1ull << 63 : 0;

    return (struct trace_record){
        .tsc = tsc, .event = UINT8_MAX / 2, .guest = UINT32_MAX, .detail = UINT16_MAX, .a = far, .b = far
    };
}

// Time goes back, too.
static void the_longest_fits(void **state)
{
    (void)state;
    first_kept = 0;
    written = RECORDS;
    for (uint32_t i = 0; i < RECORDS; i++)
        records[i] = longest(i % 2, i % 2 ? 0 : UINT64_MAX);
    send_all();
}

// Behind whatever has been put in already, by a byte more each time.
static void the_longest_fits_behind_any(void **state)
{
    static const uint32_t guests[] = { 0, 1 << 7, 1 << 14, 1 << 21, 1 << 28 }; // of 1 to 5 bytes

    (void)state;
    first_kept = 0;
    for (uint32_t before = 6; before < TRACE_FRAME_CONTENT; before++) {
        uint32_t count = 0;

        for (uint32_t left = before; left >= 6; count++) { // no record is shorter than 6 bytes
            uint32_t more = left < 12 ? left - 6 : 0;
            records[count] = (struct trace_record){ .guest = guests[more < 4 ? more : 4],
                                                    .detail = more > 4 ? 1 << 7 : 0 };
            left -= 6 + more;
        }
        for (written = count; written < count + 20; written++)
            records[written] = longest(written % 2, written % 2 ? 1ull << 63 : 0);
        send_all();
    }
}

static void the_example_of_the_header(void **state)
{
    (void)state;
    first_kept = 0;
    written = 3;
    memset(records, 0, sizeof(records));
    records[0] = (struct trace_record){
        .tsc = 3000000000, .event = TRACE_EXPIRE, .guest = 3, .a = 500000000, .b = 500000700
    };
    records[1] = (struct trace_record){ .tsc = 3000000150, .event = TRACE_RUN, .guest = 3 };
    records[2] = (struct trace_record){
        .tsc = 3000000310, .event = TRACE_DELIVER, .guest = 3, .a = 500000000, .b = 500000700
    };
    trace_frame_begin(&frame, TRACE_FRAME_RECORDS, 0);
    trace_frame_put_records(&frame, NULL, 0);
    trace_frame_end(&frame);
    assert_int_equal(frame.length, 72);
}

static void names_are_split(void **state)
{
    static char texts[60][8];
    const char *names[60];
    uint32_t seen = 0, frames = 0;

    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        snprintf(texts[i], sizeof(texts[i]), "name%u", i);
        names[i] = i == 7 ? NULL : texts[i];
    }
    frame.sequence = 9;
    while (seen < 60) {
        trace_frame_begin(&frame, TRACE_FRAME_NAMES, TRACE_NAMES_CALLS);
        uint32_t next = trace_frame_put_names(&frame, names, seen, 60);
        trace_frame_end(&frame);
        uint32_t end = check_frame(TRACE_FRAME_NAMES, TRACE_NAMES_CALLS, 9 + frames++),
                 at = TRACE_FRAME_HEAD + 4;
        assert_int_equal(get(TRACE_FRAME_HEAD, 4), seen);
        for (; at < end; seen++) {
            assert_string_equal((const char *)frame.bytes + at, names[seen] != NULL ? names[seen] : "");
            at += (uint32_t)strlen((const char *)frame.bytes + at) + 1;
        }
        assert_int_equal(seen, next);
    }
    assert_int_equal(frames, 2);
}

static void what_has_no_room_stays_out(void **state)
{
    (void)state;
    trace_frame_begin(&frame, TRACE_FRAME_END, 0);
    for (uint32_t i = 0; i < TRACE_FRAME_CONTENT; i++)
        trace_frame_put(&frame, i, 7);
    trace_frame_end(&frame);
    check_frame(TRACE_FRAME_END, 0, frame.sequence - 1);
    assert_int_equal(get(6, 2), TRACE_FRAME_CONTENT / 7 * 7);
}

static void the_crc_is_that_of_the_standard(void **state)
{
    (void)state;
    assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
    assert_int_equal(crc32(0, "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(the_longest_fits_behind_any),
        cmocka_unit_test(the_example_of_the_header),
        cmocka_unit_test(names_are_split),
        cmocka_unit_test(what_has_no_room_stays_out),
        cmocka_unit_test(the_crc_is_that_of_the_standard),
    };

    return cmocka_run_group_tests_name("trace_stream", tests, NULL, NULL);
}
