// SPDX-License-Identifier: BSD-2-Clause
// The trace on its way to a second line that the test plays (monitor/trace_dump.c): what arrives, at which pace, what is said
// of it, and who is refused. On CPUs that take turns (tests/fake/world).

#include "monitor/trace_dump.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "abi/lull.h"
#include "core/trace.h"
#include "core/trace_stream.h"
#include "dev/uart_second.h"
#include "monitor/monitor.h"
#include "monitor/report.h"
#include "vm/tracing.h"
#include "world_guest.h"

#define EVENT_NS 50000u
#define LINE_MAX (1u << 20)
#define NAMES 40u // of each kind: more than a frame holds

// The second line.
static struct {
    bool there;
    uint32_t takes;       // bytes at a time
    uint64_t stalls_at;   // bytes after which it takes nothing,
    uint64_t stall_sends; // so many times
    uint64_t sends;       // in one step
    uint64_t sends_most;
    uint64_t now_ns; // of the last step
    uint64_t length;
    uint8_t bytes[LINE_MAX];
} line;

static uint32_t dumped; // monitor_dumped() calls

bool uart_second_init(void)
{
    return line.there;
}

uint32_t uart_second_send(const uint8_t *bytes, uint32_t count)
{
    if (clock_now_ns() - line.now_ns >= UART_SECOND_FIFO_NS / 2) {
        line.now_ns = clock_now_ns();
        line.sends = 0;
    }
    if (++line.sends > line.sends_most)
        line.sends_most = line.sends;
    assert_int_not_equal(count, 0);
    if (line.length >= line.stalls_at && line.stall_sends != 0) {
        line.stall_sends--;
        return 0;
    }
    count = count < line.takes ? count : line.takes;
    assert_true(line.length + count <= LINE_MAX);
    memcpy(line.bytes + line.length, bytes, count);
    line.length += count;
    return count;
}

void monitor_dumped(void)
{
    dumped++;
    assert_false(trace_dump_active());
}

uint32_t report_trace_names(uint32_t kind, const char *names[REPORT_TRACE_NAMES_MAX])
{
    (void)kind;
    for (uint32_t i = 0; i < NAMES; i++)
        names[i] = i % 8 == 7 ? NULL : "some name";
    return NAMES;
}

// ---- What has arrived -------------------------------------------------------------------------------------------

static uint64_t get(uint64_t at, uint32_t size)
{
    uint64_t value = 0;

    assert_true(at + size <= line.length);
    for (uint32_t i = 0; i < size; i++)
        value |= (uint64_t)line.bytes[at + i] << 8 * i;
    return value;
}

static struct {
    uint32_t frames, of_type[TRACE_FRAME_END + 1];
    uint32_t names, guests;
    uint64_t written, lost; // as their CPUs' frames say, added up
    uint64_t sent;          // as the last frame says
} seen;

static uint32_t zeros(uint64_t from, uint64_t to)
{
    uint32_t sum = 0;

    while (from < to)
        sum += line.bytes[from++] == 0;
    return sum;
}

// Frame behind frame, from the beginning to the end.
static void read_line(void)
{
    uint64_t at = 0;

    memset(&seen, 0, sizeof(seen));
    while (at < line.length) {
        uint64_t type = get(at + 4, 1), size = get(at + 6, 2), content = at + TRACE_FRAME_HEAD;

        assert_memory_equal(line.bytes + at, "LTR1", 4);
        assert_in_range(type, TRACE_FRAME_BEGIN, TRACE_FRAME_END);
        assert_int_equal(get(at + 8, 4), seen.frames++);
        assert_int_equal(seen.of_type[TRACE_FRAME_END], 0); // nothing comes behind it
        seen.of_type[type]++;
        at = content + size + 4;
        if (type == TRACE_FRAME_NAMES)
            seen.names += zeros(content + 4, content + size);
        if (type == TRACE_FRAME_CPU) {
            seen.written += get(content, 8);
            seen.lost += get(content + 8, 8);
        }
        if (type == TRACE_FRAME_END)
            seen.sent = get(content, 8);
    }
    assert_int_equal(at, line.length);
}

static bool said(const char *text)
{
    return strstr(log_capture_written, text) != NULL;
}

// What a line of the log says, with its number.
static void says(const char *format, unsigned long long number)
{
    char text[128];

    snprintf(text, sizeof(text), format, number);
    if (!said(text) && strstr(log_capture_last, text) == NULL && strstr(log_capture_last_info, text) == NULL)
        fail_msg("`%s` was not said", text);
}

// ---- The machine --------------------------------------------------------------------------------------------------

static void ticking(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    assert_false(world_hypercall(HCALL_BLOCK, clock_now_ns() + EVENT_NS, 0, 0));
}

// Two CPUs, two guests, and so many records or more of the first one's CPU.
static void record(uint64_t records)
{
    start(2, ticking);
    memset(&line, 0, sizeof(line));
    line.there = true;
    line.takes = 64;
    line.stalls_at = UINT64_MAX;
    dumped = 0;
    trace_set_records(TRACE_RECORDS_MIN);
    assert_true(tracing_start(TRACE_ALL));
    create(0);
    create(1);
    run_for(1, 10 * EVENT_NS);
    while (trace_written(cpu_table[0]) < records)
        run_for(0, 10 * EVENT_NS);
}

// Until the dump is over; guests sleep meanwhile as they like. Returns how long that took.
static uint64_t wait(void)
{
    uint64_t begin_ns = clock_now_ns();

    for (uint32_t turns = 0; trace_dump_active(); turns++) {
        assert_true(turns < 100000);
        run_for(0, UART_SECOND_FIFO_NS);
    }
    return clock_now_ns() - begin_ns;
}

static void everything_arrives_at_the_pace_of_the_line(void **state)
{
    (void)state;
    record(500);
    uint64_t written = trace_written(cpu_table[0]) + trace_written(cpu_table[1]);
    assert_true(trace_dump_start());
    assert_true(trace_dump_active());
    assert_int_equal(trace_classes(), 0); // the rings stand still
    uint64_t passed_ns = wait();
    read_line();
    assert_int_equal(dumped, 1);
    assert_int_equal(seen.of_type[TRACE_FRAME_BEGIN], 1);
    assert_int_equal(seen.of_type[TRACE_FRAME_GUEST], 2);
    assert_int_equal(seen.of_type[TRACE_FRAME_CPU], 2);
    assert_int_equal(seen.of_type[TRACE_FRAME_END], 1);
    assert_int_equal(seen.names, 4 * NAMES);
    assert_int_equal(seen.written, written);
    assert_int_equal(seen.sent, written);
    assert_int_equal(seen.lost, 0);
    says("trace: %llu records sent to COM2, ", written);
    says(" COM2, %llu bytes; 0 older ones were overwritten", line.length);
    assert_int_equal(log_capture_warnings, 0);
    assert_true(line.sends_most <= TRACE_DUMP_ROUNDS);
    uint64_t steps = line.length / (64 * TRACE_DUMP_ROUNDS);
    assert_in_range(passed_ns, (steps - 1) * UART_SECOND_FIFO_NS, 3 * (steps + 2) * UART_SECOND_FIFO_NS);

    uint64_t length = line.length; // nothing more comes, and the line may be used again
    run_for(0, NSEC_PER_SEC);
    assert_int_equal(line.length, length);
    assert_true(trace_dump_start());
    wait();
    assert_int_equal(line.length, 2 * length);
    assert_int_equal(dumped, 2);
    end();
}

static void what_was_overwritten_is_told(void **state)
{
    (void)state;
    record(TRACE_RECORDS_MIN + 500);
    uint64_t kept = TRACE_RECORDS_MIN + trace_written(cpu_table[1]), lost = trace_lost(cpu_table[0]);
    assert_true(lost >= 500);
    assert_true(trace_dump_start());
    wait();
    read_line();
    assert_int_equal(seen.lost, lost);
    assert_int_equal(seen.sent, kept);
    assert_int_equal(seen.written, kept + lost);
    says("trace: %llu records sent", kept);
    says("bytes; %llu older ones were overwritten", lost);
    end();
}

static void a_second_one_is_refused(void **state)
{
    (void)state;
    record(500);
    assert_false(trace_dump_refuses());
    assert_true(trace_dump_start());
    run_for(0, 3 * UART_SECOND_FIFO_NS);
    uint64_t length = line.length;
    assert_true(length != 0 && trace_dump_active());
    log_capture_reset();
    assert_false(trace_dump_start());
    says("the trace is on its way to COM2, %llu bytes of it so far", length);
    log_capture_reset();
    assert_true(trace_dump_refuses());
    says("%llu bytes of it so far", length);
    wait();
    read_line(); // and was not disturbed
    assert_int_equal(seen.of_type[TRACE_FRAME_END], 1);
    assert_int_equal(dumped, 1);
    assert_false(trace_dump_refuses());
    end();
}

static void a_line_that_goes_on_is_waited_for(void **state)
{
    (void)state;
    record(500);
    line.stalls_at = 1000;
    line.stall_sends = 999;
    assert_true(trace_dump_start());
    assert_true(wait() > NSEC_PER_SEC);
    read_line();
    assert_int_equal(seen.of_type[TRACE_FRAME_END], 1);
    assert_int_equal(log_capture_warnings, 0);
    end();
}

// It says so and is over; the next one begins from the beginning.
static void a_line_that_stalls_ends_it(void **state)
{
    (void)state;
    record(500);
    line.stalls_at = 1000;
    line.stall_sends = UINT64_MAX;
    assert_true(trace_dump_start());
    assert_in_range(wait(), NSEC_PER_SEC, 2 * NSEC_PER_SEC);
    assert_int_equal(log_capture_warnings, 1);
    assert_in_range(line.length, 1000, 1063);
    says("trace: COM2 takes nothing any more; %llu bytes were sent", line.length);
    assert_null(strstr(log_capture_last_info, "records sent"));
    assert_int_equal(dumped, 1);
    run_for(0, NSEC_PER_SEC);
    assert_true(line.length < 1064);
    line.stall_sends = 0;
    line.length = 0;
    assert_true(trace_dump_start());
    wait();
    read_line();
    assert_int_equal(seen.of_type[TRACE_FRAME_END], 1);
    end();
}

static void without_a_line_or_a_record_nothing_begins(void **state)
{
    (void)state;
    record(10);
    line.there = false;
    assert_false(trace_dump_start());
    assert_true(said("there is no serial port at COM2"));
    assert_int_equal(trace_classes(), TRACE_ALL); // it goes on
    tracing_forget();
    line.there = true;
    assert_false(trace_dump_start());
    assert_true(said("nothing is recorded; `trace on` begins"));
    assert_false(trace_dump_active());
    assert_int_equal(line.length + dumped, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_at_the_pace_of_the_line),
        cmocka_unit_test(what_was_overwritten_is_told),
        cmocka_unit_test(a_second_one_is_refused),
        cmocka_unit_test(a_line_that_goes_on_is_waited_for),
        cmocka_unit_test(a_line_that_stalls_ends_it),
        cmocka_unit_test(without_a_line_or_a_record_nothing_begins),
    };

    return cmocka_run_group_tests_name("trace_dump", tests, NULL, NULL);
}
