// SPDX-License-Identifier: BSD-2-Clause
// The rings of the trace. The model is in trace.h.
#include "core/trace.h"

#include "core/log.h"
#include "core/page_alloc.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/tsc.h"

#define RECORDS_PER_PAGE (PAGE_ALLOC_PAGE_SIZE / sizeof(struct trace_record))
#define RING_PAGES (TRACE_RING_RECORDS / RECORDS_PER_PAGE)

struct trace_ring {
    uint64_t written;
    struct trace_record *pages[RING_PAGES];
};

_Static_assert(RING_PAGES *RECORDS_PER_PAGE == TRACE_RING_RECORDS, "the ring is whole pages");
_Static_assert(sizeof(struct trace_ring) <= PAGE_ALLOC_PAGE_SIZE, "a ring's head is allocated as one page");

static const uint8_t class_of[TRACE_EVENTS] = {
    [TRACE_TRAP... TRACE_UPCALL] = TRACE_INTERRUPTS,
    [TRACE_CALL... TRACE_RETURN] = TRACE_HYPERCALLS,
    [TRACE_ARM... TRACE_PROGRAM] = TRACE_TIMERS,
    [TRACE_RUN... TRACE_WAIT] = TRACE_SCHEDULER,
};

static const char *const names[TRACE_EVENTS] = {
    [TRACE_TRAP] = "trap",     [TRACE_SLEEP] = "sleep",     [TRACE_WOKEN] = "woken",
    [TRACE_UPCALL] = "upcall", [TRACE_CALL] = "call",       [TRACE_RETURN] = "return",
    [TRACE_ARM] = "arm",       [TRACE_DISARM] = "disarm",   [TRACE_MOVE] = "move",
    [TRACE_EXPIRE] = "expire", [TRACE_DELIVER] = "deliver", [TRACE_PROGRAM] = "program",
    [TRACE_RUN] = "run",       [TRACE_STOP] = "stop",       [TRACE_WAIT] = "wait",
};

static uint32_t wanted; // atomic

static void *alloc_page(void)
{
    uint64_t phys = page_alloc();

    return phys != 0 ? phys_to_virt(phys) : NULL;
}

static void free_ring(struct trace_ring *ring)
{
    if (ring == NULL)
        return;
    for (size_t i = 0; i < RING_PAGES; i++)
        if (ring->pages[i] != NULL)
            page_free(virt_to_phys(ring->pages[i]));
    page_free(virt_to_phys(ring));
}

// Null if memory is out.
static struct trace_ring *make_ring(void)
{
    struct trace_ring *ring = alloc_page();

    if (ring == NULL)
        return NULL;
    for (size_t i = 0; i < RING_PAGES; i++) {
        ring->pages[i] = alloc_page();
        if (ring->pages[i] == NULL) {
            free_ring(ring);
            return NULL;
        }
    }
    return ring;
}

bool trace_open(uint32_t classes)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];
        struct trace_ring *ring = cpu->trace;

        if (ring != NULL)
            continue;
        ring = make_ring();
        if (ring == NULL) {
            if (trace_classes() == 0)
                trace_close();
            return false;
        }
        __atomic_store_n(&cpu->trace, ring, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&wanted, classes, __ATOMIC_RELEASE);
    return true;
}

void trace_close(void)
{
    __atomic_store_n(&wanted, 0, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < cpu_count; i++) {
        free_ring(cpu_table[i]->trace);
        cpu_table[i]->trace = NULL;
    }
}

uint32_t trace_classes(void)
{
    return __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
}

static struct trace_record *place(const struct trace_ring *ring, uint64_t number)
{
    return &ring->pages[number / RECORDS_PER_PAGE % RING_PAGES][number % RECORDS_PER_PAGE];
}

void trace_write_at(uint64_t tsc, enum trace_event event, uint32_t guest, uint32_t detail, uint64_t a,
                    uint64_t b)
{
    struct trace_ring *ring = this_cpu->trace;

    if ((trace_classes() & class_of[event]) == 0)
        return;
    *place(ring, ring->written++) = (struct trace_record){
        .tsc = tsc,
        .guest = guest,
        .event = (uint16_t)event,
        .detail = (uint16_t)detail,
        .a = a,
        .b = b,
    };
}

void trace_write(enum trace_event event, uint32_t guest, uint32_t detail, uint64_t a, uint64_t b)
{
    trace_write_at(tsc_read(), event, guest, detail, a, b);
}

uint64_t trace_written(const struct cpu *cpu)
{
    return cpu->trace != NULL ? cpu->trace->written : 0;
}

const struct trace_record *trace_record(const struct cpu *cpu, uint64_t number)
{
    uint64_t written = trace_written(cpu);

    if (number >= written || written - number > TRACE_RING_RECORDS)
        return NULL;
    return place(cpu->trace, number);
}

const char *trace_event_name(uint32_t event)
{
    return event < TRACE_EVENTS ? names[event] : "?";
}

void trace_print_last(uint32_t count)
{
    const struct cpu *cpu = cpu_this();
    uint64_t written = trace_written(cpu), now_tsc = tsc_read();

    for (uint64_t number = written > count ? written - count : 0; number < written; number++) {
        const struct trace_record *record = trace_record(cpu, number);

        log_print("  trace: %llu ticks ago  guest %u  %s %u  0x%llx 0x%llx\n",
                  (unsigned long long)(now_tsc - record->tsc), record->guest, trace_event_name(record->event),
                  record->detail, (unsigned long long)record->a, (unsigned long long)record->b);
    }
}
