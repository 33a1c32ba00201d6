// SPDX-License-Identifier: BSD-2-Clause
// The rings of the trace. The model is in trace.h.
#include "core/trace.h"

#include "core/log.h"
#include "core/page_alloc.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

#define RECORDS_PER_PAGE (PAGE_ALLOC_PAGE_SIZE / sizeof(struct trace_record))
#define TABLE_PAGES (PAGE_ALLOC_PAGE_SIZE / sizeof(struct trace_record *))
#define TABLES (TRACE_RECORDS_MAX / RECORDS_PER_PAGE / TABLE_PAGES)

// Memory comes in single pages: a head, tables, and the records.
struct trace_ring {
    uint64_t written;
    struct trace_record *next, *page_end; // where the next one is written, if the page is not full
    uint64_t pages;                       // of records: a power of two
    struct trace_record **tables[TABLES];
};

_Static_assert(TRACE_RECORDS_MIN % RECORDS_PER_PAGE == 0, "the ring is whole pages");
_Static_assert(TABLES *TABLE_PAGES *RECORDS_PER_PAGE == TRACE_RECORDS_MAX, "the tables are full");
_Static_assert(sizeof(struct trace_ring) <= PAGE_ALLOC_PAGE_SIZE, "a ring's head is allocated as one page");

static const uint8_t class_of[TRACE_EVENTS] = {
    [TRACE_TRAP... TRACE_UPCALL] = TRACE_INTERRUPTS,
    [TRACE_CALL... TRACE_RETURN] = TRACE_HYPERCALLS,
    [TRACE_ARM... TRACE_FIRE] = TRACE_TIMERS,
    [TRACE_RUN... TRACE_DEFER] = TRACE_SCHEDULER,
    [TRACE_NEW... TRACE_PHASE] = TRACE_ALL, // with any of them
    [TRACE_MARK] = TRACE_MARKS,
};

static const char *const names[TRACE_EVENTS] = {
    [TRACE_TRAP] = "trap",       [TRACE_SLEEP] = "sleep",   [TRACE_WOKEN] = "woken",
    [TRACE_PEND] = "pend",       [TRACE_UPCALL] = "upcall", [TRACE_CALL] = "call",
    [TRACE_RETURN] = "return",   [TRACE_ARM] = "arm",       [TRACE_DISARM] = "disarm",
    [TRACE_MOVE] = "move",       [TRACE_EXPIRE] = "expire", [TRACE_DELIVER] = "deliver",
    [TRACE_PROGRAM] = "program", [TRACE_RUN] = "run",       [TRACE_STOP] = "stop",
    [TRACE_WAIT] = "wait",       [TRACE_NEW] = "new",       [TRACE_PHASE] = "phase",
    [TRACE_MARK] = "mark",       [TRACE_DEFER] = "defer",   [TRACE_FIRE] = "fire",
};

static uint32_t wanted; // atomic
static uint32_t records_of_ring = TRACE_RECORDS_DEFAULT;

static void free_ring(struct trace_ring *ring)
{
    for (size_t t = 0; ring != NULL && t < TABLES && ring->tables[t] != NULL; t++) {
        for (size_t i = 0; i < TABLE_PAGES; i++)
            page_free_mapped(ring->tables[t][i]);
        page_free_mapped(ring->tables[t]);
    }
    page_free_mapped(ring);
}

static bool add_page(struct trace_ring *ring)
{
    struct trace_record ***table = &ring->tables[ring->pages / TABLE_PAGES];

    if (*table == NULL)
        *table = page_alloc_mapped();
    struct trace_record *page = *table != NULL ? page_alloc_mapped() : NULL;
    if (page == NULL)
        return false;
    (*table)[ring->pages++ % TABLE_PAGES] = page;
    return true;
}

// Null if memory is out.
static struct trace_ring *make_ring(void)
{
    struct trace_ring *ring = page_alloc_mapped();

    while (ring != NULL && ring->pages < records_of_ring / RECORDS_PER_PAGE) {
        if (!add_page(ring)) {
            free_ring(ring);
            return NULL;
        }
    }
    return ring;
}

void trace_set_records(uint32_t records)
{
    records_of_ring = TRACE_RECORDS_MIN;
    while (records_of_ring < records)
        records_of_ring *= 2;
}

// Of this CPU's ring where there is one: they are all alike.
uint32_t trace_records(void)
{
    const struct trace_ring *ring = cpu_this()->trace;

    return ring != NULL ? (uint32_t)(ring->pages * RECORDS_PER_PAGE) : records_of_ring;
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
    uint64_t page = number / RECORDS_PER_PAGE & (ring->pages - 1);

    return &ring->tables[page / TABLE_PAGES][page % TABLE_PAGES][number % RECORDS_PER_PAGE];
}

static void __attribute__((noinline)) turn_page(struct trace_ring *ring)
{
    ring->next = place(ring, ring->written);
    ring->page_end = ring->next + RECORDS_PER_PAGE;
}

void trace_write_at(uint64_t tsc, enum trace_event event, uint32_t guest, uint32_t detail, uint64_t a,
                    uint64_t b)
{
    struct trace_ring *ring = this_cpu->trace;

    if ((trace_classes() & class_of[event]) == 0)
        return;
    if (ring->next == ring->page_end)
        turn_page(ring);
    ring->written++;
    *ring->next++ = (struct trace_record){
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

uint64_t trace_text(const char *text)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < sizeof(bytes) && text[i] != '\0'; i++)
        bytes |= (uint64_t)(uint8_t)text[i] << 8 * i;
    return bytes;
}

void trace_phase(const char *text, uint64_t value)
{
    trace_write(TRACE_PHASE, 0, 0, trace_text(text), value);
}

uint64_t trace_written(const struct cpu *cpu)
{
    return cpu->trace != NULL ? cpu->trace->written : 0;
}

uint64_t trace_lost(const struct cpu *cpu)
{
    uint64_t written = trace_written(cpu), kept = written != 0 ? cpu->trace->pages * RECORDS_PER_PAGE : 0;

    return written > kept ? written - kept : 0;
}

const struct trace_record *trace_record(const struct cpu *cpu, uint64_t number)
{
    if (number >= trace_written(cpu) || number < trace_lost(cpu))
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
