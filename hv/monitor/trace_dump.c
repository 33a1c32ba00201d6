// SPDX-License-Identifier: BSD-2-Clause
// The trace on its way out, frame by frame.
#include "monitor/trace_dump.h"

#include <stddef.h>
#include <stdint.h>

#include "abi/lull.h"
#include "core/log.h"
#include "core/trace.h"
#include "core/trace_stream.h"
#include "dev/uart_second.h"
#include "lib/list.h"
#include "monitor/monitor.h"
#include "monitor/report.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/tracing.h"
#include "vm/vcpu_time.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

// Steps in which the line has taken nothing, before the dump is given up: more than a second.
#define IDLE_STEPS_MAX 1000u

static struct {
    bool active;
    enum trace_frame_type next; // what the next frame is
    enum trace_names names;
    uint32_t first_name, classes;
    uint32_t guest; // id of the next one is this or more
    uint32_t cpu;
    uint64_t record, sent_records, bytes;
    uint32_t sent; // of the frame
    uint32_t idle_steps;
    struct trace_frame frame;
    struct timer timer;
} dump;

static void put_begin(void)
{
    uint64_t now_tsc = tsc_read();

    trace_frame_begin(&dump.frame, TRACE_FRAME_BEGIN, 0);
    trace_frame_put(&dump.frame, TRACE_STREAM_VERSION, 4);
    trace_frame_put(&dump.frame, cpu_count, 4);
    trace_frame_put(&dump.frame, dump.classes, 4);
    trace_frame_put(&dump.frame, now_tsc, 8);
    trace_frame_put(&dump.frame, clock_is_tsc() ? clock_ns_at(now_tsc) : clock_now_ns(), 8);
    trace_frame_put(&dump.frame, vcpu_time_to_ns(UINT64_C(1) << 40), 8);
    dump.next = TRACE_FRAME_NAMES;
}

static void put_names(void)
{
    const char *names[REPORT_TRACE_NAMES_MAX];
    uint32_t count = report_trace_names(dump.names, names);

    trace_frame_begin(&dump.frame, TRACE_FRAME_NAMES, dump.names);
    dump.first_name = trace_frame_put_names(&dump.frame, names, dump.first_name, count);
    if (dump.first_name < count)
        return;
    dump.first_name = 0;
    if (dump.names++ == TRACE_NAMES_REASONS)
        dump.next = TRACE_FRAME_GUEST;
}

static const struct guest *next_guest(void)
{
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (guest->id >= dump.guest)
            return guest;
    }
    return NULL;
}

// The number of a CPU's first record goes with its frame, so a CPU without records has no frame of them.
static void put_cpu(void)
{
    const struct cpu *cpu = cpu_table[dump.cpu];

    trace_frame_begin(&dump.frame, TRACE_FRAME_CPU, dump.cpu);
    trace_frame_put(&dump.frame, trace_written(cpu), 8);
    trace_frame_put(&dump.frame, trace_lost(cpu), 8);
    dump.record = trace_lost(cpu);
    dump.next = TRACE_FRAME_RECORDS;
}

static void put_guest(void)
{
    const struct guest *guest = next_guest();

    if (guest == NULL) {
        put_cpu();
        return;
    }
    trace_frame_begin(&dump.frame, TRACE_FRAME_GUEST, 0);
    trace_frame_put(&dump.frame, guest->id, 4);
    trace_frame_put_text(&dump.frame, guest->name);
    dump.guest = guest->id + 1;
}

static void put_end(void)
{
    trace_frame_begin(&dump.frame, TRACE_FRAME_END, 0);
    trace_frame_put(&dump.frame, dump.sent_records, 8);
}

static void put_records(void)
{
    uint64_t first = dump.record;

    if (dump.record < trace_written(cpu_table[dump.cpu])) {
        trace_frame_begin(&dump.frame, TRACE_FRAME_RECORDS, dump.cpu);
        dump.record = trace_frame_put_records(&dump.frame, cpu_table[dump.cpu], first);
        dump.sent_records += dump.record - first;
    } else if (++dump.cpu < cpu_count) {
        put_cpu();
    } else {
        put_end();
        dump.next = TRACE_FRAME_END;
    }
}

// False: the last one was the last.
static bool next_frame(void)
{
    switch (dump.next) {
    case TRACE_FRAME_BEGIN:
        put_begin();
        break;
    case TRACE_FRAME_NAMES:
        put_names();
        break;
    case TRACE_FRAME_GUEST:
        put_guest();
        break;
    case TRACE_FRAME_CPU:
    case TRACE_FRAME_RECORDS:
        put_records();
        break;
    case TRACE_FRAME_END:
        return false;
    }
    trace_frame_end(&dump.frame);
    dump.sent = 0;
    return true;
}

static uint64_t lost_of_all(void)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; i < cpu_count; i++)
        lost += trace_lost(cpu_table[i]);
    return lost;
}

static void finish(bool complete)
{
    dump.active = false;
    if (complete)
        log_info("trace: %llu records sent to COM2, %llu bytes; %llu older ones were overwritten",
                 (unsigned long long)dump.sent_records, (unsigned long long)dump.bytes,
                 (unsigned long long)lost_of_all());
    else
        log_warn("trace: COM2 takes nothing any more; %llu bytes were sent", (unsigned long long)dump.bytes);
    monitor_dumped();
}

static void step(struct timer *timer, uint64_t now_ns)
{
    uint32_t taken = 1;

    for (uint32_t round = 0; round < TRACE_DUMP_ROUNDS && taken != 0; round++) {
        if (dump.sent == dump.frame.length && !next_frame()) {
            finish(true);
            return;
        }
        taken = uart_second_send(dump.frame.bytes + dump.sent, dump.frame.length - dump.sent);
        dump.sent += taken;
        dump.bytes += taken;
        dump.idle_steps = taken != 0 ? 0 : dump.idle_steps + 1;
    }
    if (dump.idle_steps >= IDLE_STEPS_MAX)
        finish(false);
    else
        timer_arm(timer, now_ns + UART_SECOND_FIFO_NS);
}

bool trace_dump_active(void)
{
    return dump.active;
}

bool trace_dump_refuses(void)
{
    if (dump.active)
        log_print("the trace is on its way to COM2, %llu bytes of it so far; it stays as it is until then\n",
                  (unsigned long long)dump.bytes);
    return dump.active;
}

bool trace_dump_start(void)
{
    uint64_t written = 0;

    for (uint32_t i = 0; i < cpu_count; i++)
        written += trace_written(cpu_table[i]);
    if (trace_dump_refuses())
        return false;
    if (written == 0) {
        log_print("nothing is recorded; `trace on` begins\n");
        return false;
    }
    if (!uart_second_init()) {
        log_print("there is no serial port at COM2 (QEMU: a second -serial)\n");
        return false;
    }
    uint32_t classes = trace_classes();
    tracing_stop();
    dump.active = true;
    dump.next = TRACE_FRAME_BEGIN;
    dump.names = TRACE_NAMES_EVENTS;
    dump.first_name = dump.guest = dump.cpu = dump.sent = dump.idle_steps = 0;
    dump.sent_records = dump.bytes = 0;
    dump.classes = classes;
    dump.frame.length = dump.frame.sequence = 0;
    timer_setup(&dump.timer, TIMER_MONITOR, TIMER_NO_OWNER, step);
    timer_arm(&dump.timer, clock_now_ns());
    return true;
}
