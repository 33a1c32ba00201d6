// SPDX-License-Identifier: BSD-2-Clause
// What `trace show` shows: the last records of all CPUs, in the order of their time.

#include "monitor/report.h"

#include "abi/lull.h"
#include "core/log.h"
#include "core/trace.h"
#include "core/trace_stream.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"
#include "x86/cpu.h"
#include "x86/tsc.h"
#include "x86/vectors.h"

#define ULL(value) ((unsigned long long)(value))

static const char *const call_names[] = {
    [HCALL_NOP] = "NOP",
    [HCALL_SET_CLOCKEVENT] = "SET_CLOCKEVENT",
    [HCALL_SET_PERIODIC] = "SET_PERIODIC",
    [HCALL_CLOCK_READ] = "CLOCK_READ",
    [HCALL_HALT] = "HALT",
    [HCALL_DELIVER] = "DELIVER",
    [HCALL_SET_UPCALLS] = "SET_UPCALLS",
    [HCALL_CONSOLE_WRITE] = "CONSOLE_WRITE",
    [HCALL_EXIT] = "EXIT",
    [HCALL_YIELD] = "YIELD",
    [HCALL_DOORBELL] = "DOORBELL",
    [HCALL_COUNTERS] = "COUNTERS",
    [HCALL_SET_DEADLINE] = "SET_DEADLINE",
    [HCALL_BLOCK] = "BLOCK",
    [HCALL_RUN_TIMES] = "RUN_TIMES",
    [HCALL_SET_RUNTIME] = "SET_RUNTIME",
    [HCALL_CONSOLE_READ] = "CONSOLE_READ",
    [HCALL_WATCHDOG] = "WATCHDOG",
    [HCALL_UPCALL_RETURN] = "UPCALL_RETURN",
};

#define CALL_NAMES (sizeof(call_names) / sizeof(call_names[0]))

_Static_assert(HCALL_WATCHDOG == HCALL_COUNT - 1, "a name for each");
_Static_assert(CALL_NAMES <= REPORT_TRACE_NAMES_MAX, "they go out together");
_Static_assert(TRACE_EVENTS <= REPORT_TRACE_NAMES_MAX, "so do these");
_Static_assert(TIMER_REASONS <= REPORT_TRACE_NAMES_MAX, "and these");

uint32_t report_trace_names(uint32_t kind, const char *names[REPORT_TRACE_NAMES_MAX])
{
    static const uint32_t counts[] = {
        [TRACE_NAMES_EVENTS] = TRACE_EVENTS,
        [TRACE_NAMES_CALLS] = CALL_NAMES,
        [TRACE_NAMES_STATES] = VCPU_STATES,
        [TRACE_NAMES_REASONS] = TIMER_REASONS,
    };

    for (uint32_t i = 0; i < counts[kind]; i++)
        names[i] = kind == TRACE_NAMES_EVENTS   ? trace_event_name(i)
                   : kind == TRACE_NAMES_CALLS  ? call_names[i]
                   : kind == TRACE_NAMES_STATES ? vcpu_state_name(i)
                                                : timer_reason_name((enum timer_reason)i);
    return counts[kind];
}

// A moment of the clock; never is a word.
static void print_time(const char *before, uint64_t ns)
{
    if (ns >= LULL_TIME_NEVER)
        log_print("%snever", before);
    else
        log_print("%s%llu.%09llu", before, ULL(ns / NSEC_PER_SEC), ULL(ns % NSEC_PER_SEC));
}

static void print_vector(uint32_t vector)
{
    switch (vector) {
    case VECTOR_LAPIC_TIMER:
    case VECTOR_HPET:
        log_print("timer interrupt");
        break;
    case VECTOR_GUARD:
        log_print("guard interrupt");
        break;
    case VECTOR_UART:
        log_print("serial line");
        break;
    case VECTOR_KICK:
        log_print("word of another CPU");
        break;
    case VECTOR_NONE:
        log_print("nothing");
        break;
    default:
        log_print(vector < VECTOR_EXCEPTIONS ? "exception %u" : "vector 0x%x", vector);
        break;
    }
}

static const char *call_name(uint32_t number)
{
    return number < CALL_NAMES && call_names[number] != NULL ? call_names[number] : "?";
}

static void print_call(const struct trace_record *record)
{
    log_print("%s ", call_name(record->detail));
    if (record->detail == HCALL_SET_DEADLINE || record->detail == HCALL_BLOCK) {
        print_time("", record->a);
        if (record->b != 0)
            print_time(", slack ", record->b);
    } else {
        log_print("0x%llx 0x%llx", ULL(record->a), ULL(record->b));
    }
}

static void print_return(const struct trace_record *record)
{
    uint64_t timeout = record->detail == HCALL_BLOCK ? record->a & LULL_WOKE_TIMEOUT : 0;

    log_print("%s = ", call_name(record->detail));
    if (record->detail == HCALL_SET_DEADLINE)
        print_time("", record->a);
    else
        log_print("0x%llx%s", ULL(record->a & ~timeout), timeout != 0 ? " and the time is over" : "");
}

static void print_interrupts(uint32_t irq_bits)
{
    static const char *const irq_names[] = {
        [LULL_IRQ_TIMER] = "timer",     [LULL_IRQ_DOORBELL] = "doorbell", [LULL_IRQ_RUNTIME] = "running time",
        [LULL_IRQ_CONSOLE] = "console", [LULL_IRQ_TICK] = "tick",         [LULL_IRQ_RESUME] = "resume",
    };
    _Static_assert(sizeof(irq_names) / sizeof(irq_names[0]) == LULL_IRQ_COUNT, "a name for each");
    const char *before = "";

    for (uint32_t i = 0; i < sizeof(irq_names) / sizeof(irq_names[0]); i++)
        if (irq_bits & BIT(i)) {
            log_print("%s%s", before, irq_names[i]);
            before = ", ";
        }
}

// Up to 8 characters and a value; of a new guest 16 characters. A guest's mark is checked when it is recorded.
static void print_text(const struct trace_record *record)
{
    char text[2 * sizeof(uint64_t) + 1] = "";

    memcpy(text, &record->a, sizeof(record->a));
    if (record->event == TRACE_NEW)
        memcpy(text + sizeof(record->a), &record->b, sizeof(record->b));
    log_print("%s", text);
    if (record->event != TRACE_NEW)
        log_print(" %llu", ULL(record->b));
}

static void print_words(const struct trace_record *record)
{
    switch ((enum trace_event)record->event) {
    case TRACE_TRAP:
        print_vector(record->detail);
        log_print(" at 0x%llx", ULL(record->a));
        break;
    case TRACE_SLEEP:
        print_time("until ", record->a);
        break;
    case TRACE_WOKEN:
        log_print("by ");
        print_vector(record->detail);
        break;
    case TRACE_CALL:
        print_call(record);
        break;
    case TRACE_RETURN:
        print_return(record);
        break;
    case TRACE_ARM:
        print_time("for ", record->a);
        if (record->b != 0)
            print_time(", slack ", record->b);
        break;
    case TRACE_MOVE:
        print_time("from ", record->a);
        print_time(" to ", record->b);
        break;
    case TRACE_FIRE:
        log_print("%s, ", timer_reason_name((enum timer_reason)record->detail));
        print_time("due at ", record->a);
        print_time(", seen at ", record->b);
        break;
    case TRACE_EXPIRE:
    case TRACE_DELIVER:
        print_time("due at ", record->a);
        print_time(", seen at ", record->b);
        break;
    case TRACE_DEFER:
        print_time("due at ", record->a);
        break;
    case TRACE_PROGRAM:
        print_time("for ", record->a);
        break;
    case TRACE_STOP:
        log_print("%s", vcpu_state_name(record->detail));
        break;
    case TRACE_PEND:
    case TRACE_UPCALL:
        print_interrupts(record->detail);
        break;
    case TRACE_NEW:
    case TRACE_PHASE:
    case TRACE_MARK:
        print_text(record);
        break;
    case TRACE_DISARM:
    case TRACE_RUN:
    case TRACE_WAIT:
    case TRACE_EVENTS:
        break;
    }
}

// With another clock than the TSC, as well as the distance to now tells.
static uint64_t clock_of(uint64_t tsc, uint64_t now_tsc, uint64_t now_ns)
{
    return clock_is_tsc() ? clock_ns_at(tsc) : now_ns - vcpu_time_to_ns(now_tsc - tsc);
}

static void print_record(const struct trace_record *record, uint32_t cpu, uint64_t time_ns,
                         uint64_t before_ns)
{
    const struct guest *guest = record->guest != 0 ? guest_find(record->guest) : NULL;

    log_print("%5llu.%09llu  +%-10llu %2u  ", ULL(time_ns / NSEC_PER_SEC), ULL(time_ns % NSEC_PER_SEC),
              ULL(time_ns - before_ns), cpu);
    if (guest != NULL)
        log_print("%-12s ", guest->name);
    else if (record->guest != 0)
        log_print("guest %-6u ", record->guest);
    else
        log_print("%-12s ", "-");
    log_print("%-8s ", trace_event_name(record->event));
    print_words(record);
    log_print("\n");
}

// One CPU's place in its ring.
static uint64_t places[CPU_MAX];

// The CPU whose record before its place is the youngest, and the one whose record at its place is the oldest; cpu_count
// if there is none.
static uint32_t youngest_before(void)
{
    uint32_t found = cpu_count;
    uint64_t tsc = 0;

    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct trace_record *record = places[i] > 0 ? trace_record(cpu_table[i], places[i] - 1) : NULL;

        if (record != NULL && record->tsc >= tsc) {
            tsc = record->tsc;
            found = i;
        }
    }
    return found;
}

static uint32_t oldest_at(void)
{
    uint32_t found = cpu_count;
    uint64_t tsc = UINT64_MAX;

    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct trace_record *record = trace_record(cpu_table[i], places[i]);

        if (record != NULL && record->tsc < tsc) {
            tsc = record->tsc;
            found = i;
        }
    }
    return found;
}

static void show(uint32_t most)
{
    uint64_t now_tsc = tsc_read(), now_ns = clock_now_ns(), before_ns = 0;
    uint32_t cpu, count = 0;

    for (uint32_t i = 0; i < cpu_count; i++)
        places[i] = trace_written(cpu_table[i]);
    for (; count < most && (cpu = youngest_before()) < cpu_count; count++)
        places[cpu]--;
    if (count == 0) {
        log_print("nothing is recorded; `trace on` begins\n");
        return;
    }
    log_print("%15s  %-11s cpu guest        event\n", "clock", "+ns");
    for (bool first = true; (cpu = oldest_at()) < cpu_count; first = false) {
        const struct trace_record *record = trace_record(cpu_table[cpu], places[cpu]++);
        uint64_t time_ns = clock_of(record->tsc, now_tsc, now_ns);

        print_record(record, cpu, time_ns, first ? time_ns : before_ns);
        before_ns = time_ns;
    }
}

void report_trace(uint32_t count)
{
    request_hold();
    show(count);
    request_release();
}
