// SPDX-License-Identifier: BSD-2-Clause
// work=calls: what each hypercall costs that work=micro leaves out, alone on its CPU and without a wait.
//
// The operator's terminal would cost more than the calls that write to it, so this runs while its console is not shown, and it prints
// all figures at its end. The first instance measures what has to do with events and upcalls, then rings at its right neighbour, which
// must be the second one; that one measures the rest, for which somebody has to type CALLS_TYPED bytes now and then. With wait=1 the
// first one waits for a doorbell too: one guest after the other, each figure is that of a machine with nothing else to do.
#include "apps.h"

#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "clock.h"
#include "hypercall.h"
#include "irq.h"
#include "memory.h"
#include "micro.h"
#include "micro_measure.h"
#include "micro_wait.h"
#include "pages.h"
#include "panic.h"

#include <lib/bits.h>
#include <lib/string.h>
#include <lib/time.h>

#define SETTLE_NS (10 * NSEC_PER_MSEC) // whoever rang has ended by then
#define TYPED 64u                      // bytes at a time (hv/monitor/bench.c)
#define WRITTEN_MAX 256u

static char *text; // WRITTEN_MAX bytes

static void nothing(void)
{
}

// ---- Events ----------------------------------------------------------------------------------------------------

// Each is earlier than all before it, so that the hypervisor must program its hardware.
#define STEP_NS (4 * NSEC_PER_USEC)
static uint64_t soon_ns, earlier_ns;

static void step(void)
{
    earlier_ns -= STEP_NS;
}

static void arm_soon(void)
{
    soon_ns = clock_now_ns() + NSEC_PER_SEC;
    hypercall_set_deadline(soon_ns);
}

static void tick_soon(void)
{
    hypercall_set_periodic(NSEC_PER_SEC);
}

static void arm_and_wait(void)
{
    hypercall_set_clockevent(1);
    while ((pages_vcpu()->pending & BIT(LULL_IRQ_TIMER)) == 0) {
    }
}

static inline void clock_read_call(void)
{
    hypercall_clock_read();
}

static inline void clockevent_later(void)
{
    hypercall_set_clockevent(2 * NSEC_PER_SEC);
}

static inline void clockevent_off(void)
{
    hypercall_set_clockevent(0);
}

static inline void periodic(void)
{
    hypercall_set_periodic(earlier_ns);
}

static inline void periodic_off(void)
{
    hypercall_set_periodic(0);
}

static inline void deadline_later(void)
{
    hypercall_set_deadline(soon_ns + NSEC_PER_SEC);
}

static inline void deadline_never(void)
{
    hypercall_set_deadline(LULL_TIME_NEVER);
}

static void run_timer(void)
{
    hypercall_set_runtime(NSEC_PER_SEC);
}

static inline void runtime(void)
{
    hypercall_set_runtime(earlier_ns);
}

static inline void runtime_never(void)
{
    hypercall_set_runtime(LULL_TIME_NEVER);
}

// Long enough for whatever else is measured, and off at the end.
static void watch(void)
{
    hypercall_watchdog(1000 * NSEC_PER_SEC);
}

static inline void watchdog_again(void)
{
    hypercall_watchdog(1000 * NSEC_PER_SEC);
}

static inline void watchdog_off(void)
{
    hypercall_watchdog(0);
}

static inline void run_times(void)
{
    hypercall_run_times();
}

// ---- Interrupts and upcalls ------------------------------------------------------------------------------------

// A doorbell is pending, and interrupts are off.
static void ring(void)
{
    micro_stamp = 0;
    hypercall_doorbell(pages_start()->guest_id);
}

static void no_ring(void)
{
    pages_vcpu()->pending = 0;
}

static inline void deliver_nothing(void)
{
    hypercall_deliver();
}

static inline void deliver(void)
{
    pages_vcpu()->irq_enabled = 1;
    hypercall_deliver();
}

static inline void halt_pending(void)
{
    hypercall_halt();
}

static inline void block_pending(void)
{
    hypercall_block(LULL_TIME_NEVER, 0);
}

static inline void doorbell_self(void)
{
    hypercall_doorbell(pages_start()->guest_id);
}

static inline void set_upcalls(void)
{
    hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)micro_exception, LULL_RETURN_WINDOW(0, 0));
}

// Until the first instruction of the handler.
static uint64_t sample_deliver(void)
{
    uint64_t start_tsc = clock_tsc();

    deliver();
    return micro_stamp - start_tsc;
}

static uint64_t sample_halt_pending(void)
{
    uint64_t start_tsc = clock_tsc();

    halt_pending();
    return micro_stamp - start_tsc;
}

// ---- The rest --------------------------------------------------------------------------------------------------

static struct lull_counters counted;

static inline void counters(void)
{
    hypercall_counters(&counted);
}

static inline void yield(void)
{
    hypercall_yield();
}

static inline void unknown(void)
{
    hypercall0(HCALL_COUNT);
}

static inline void write_1(void)
{
    hypercall_console_write(text, 1);
}

static inline void write_256(void)
{
    hypercall_console_write(text, WRITTEN_MAX);
}

static void read_all(void)
{
    while (hypercall_console_read(text, WRITTEN_MAX) > 0) {
    }
}

// Waits until TYPED bytes are there.
static void wait_for_typing(void)
{
    read_all();
    __atomic_and_fetch(&pages_vcpu()->pending, ~BIT(LULL_IRQ_CONSOLE), __ATOMIC_RELAXED);
    while ((pages_vcpu()->pending & BIT(LULL_IRQ_CONSOLE)) == 0)
        hypercall_block(LULL_TIME_NEVER, 0);
}

static inline void read_nothing(void)
{
    hypercall_console_read(text, TYPED);
}

static inline void read_1(void)
{
    hypercall_console_read(text, 1);
}

static inline void read_64(void)
{
    hypercall_console_read(text, TYPED);
}

// ---- Figures ---------------------------------------------------------------------------------------------------

MICRO_TIMED(clock_read_call)
MICRO_TIMED(clockevent_later)
MICRO_TIMED(clockevent_off)
MICRO_TIMED(periodic)
MICRO_TIMED(periodic_off)
MICRO_TIMED(deadline_later)
MICRO_TIMED(deadline_never)
MICRO_TIMED(runtime)
MICRO_TIMED(runtime_never)
MICRO_TIMED(watchdog_again)
MICRO_TIMED(watchdog_off)
MICRO_TIMED(run_times)
MICRO_TIMED(deliver_nothing)
MICRO_TIMED(block_pending)
MICRO_TIMED(micro_return)
MICRO_TIMED(doorbell_self)
MICRO_TIMED(set_upcalls)
MICRO_TIMED(counters)
MICRO_TIMED(yield)
MICRO_TIMED(unknown)
MICRO_TIMED(write_1)
MICRO_TIMED(write_256)
MICRO_TIMED(read_nothing)
MICRO_TIMED(read_1)
MICRO_TIMED(read_64)

static const struct micro_figure events[] = {
    { "clock_read_call", nothing, clock_read_call, sample_clock_read_call },
    { "clockevent_later", arm_soon, clockevent_later, sample_clockevent_later },
    { "clockevent_off", arm_soon, clockevent_off, sample_clockevent_off },
    { "periodic", step, periodic, sample_periodic },
    { "periodic_off", tick_soon, periodic_off, sample_periodic_off },
    { "deadline_later", arm_soon, deadline_later, sample_deadline_later },
    { "deadline_pending", arm_and_wait, deadline_later, sample_deadline_later },
    { "deadline_never", arm_soon, deadline_never, sample_deadline_never },
    { "runtime", step, runtime, sample_runtime },
    { "runtime_never", run_timer, runtime_never, sample_runtime_never },
    { "watchdog_again", watch, watchdog_again, sample_watchdog_again },
    { "watchdog_off", watch, watchdog_off, sample_watchdog_off },
    { "halt_pending", ring, halt_pending, sample_halt_pending },
    { "block_pending", ring, block_pending, sample_block_pending },
    { "deliver_nothing", no_ring, deliver_nothing, sample_deliver_nothing },
    { "deliver", ring, deliver, sample_deliver },
    { "upcall_return", nothing, micro_return, sample_micro_return },
};

static const struct micro_figure others[] = {
    { "set_upcalls", nothing, set_upcalls, sample_set_upcalls },
    { "doorbell_self", no_ring, doorbell_self, sample_doorbell_self },
    { "yield", no_ring, yield, sample_yield },
    { "counters", nothing, counters, sample_counters },
    { "run_times", nothing, run_times, sample_run_times },
    { "unknown_number", nothing, unknown, sample_unknown },
    { "console_write_1", nothing, write_1, sample_write_1 },
    { "console_write_256", nothing, write_256, sample_write_256 },
    { "console_read_nothing", read_all, read_nothing, sample_read_nothing },
    { "console_read_1", wait_for_typing, read_1, sample_read_1 },
    { "console_read_64", wait_for_typing, read_64, sample_read_64 },
};

// The output that is kept of a guest is limited, and the figures of writing push out what was written before them.
static void measure_all(const struct micro_figure *figures, size_t count)
{
    struct micro_result *results = memory_take(count * sizeof *results);

    micro_measure_start();
    for (size_t i = 0; i < count; i++)
        micro_measure(&figures[i], &results[i]);
    micro_measure_print_head();
    for (size_t i = 0; i < count; i++)
        micro_measure_print(&figures[i], &results[i]);
}

void calls_start(void)
{
    const struct lull_start_page *start = pages_start();
    bool second = start->instance != 0;

    irq_disable();
    micro_measure_init();
    if (hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)micro_exception,
                              LULL_RETURN_WINDOW(0, 0)) != 0)
        panic("the hypervisor refuses the upcalls");
    text = memory_take(WRITTEN_MAX);
    memset(text, ' ', WRITTEN_MAX - 1);
    text[WRITTEN_MAX - 1] = '\n';
    earlier_ns = NSEC_PER_SEC;
    if (second || args_is("wait", "1")) {
        micro_wait_blocked();
        hypercall_block(clock_now_ns() + SETTLE_NS, 0);
    }
    if (second) {
        measure_all(others, sizeof others / sizeof others[0]);
    } else {
        measure_all(events, sizeof events / sizeof events[0]);
        hypercall_doorbell(start->guest_id + 1);
    }
    hypercall_exit(0);
}
