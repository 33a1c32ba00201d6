// SPDX-License-Identifier: BSD-2-Clause
// work=micro: what one hypercall, one timer, one block and wake cost, in ticks of the TSC.
//
// The model. A figure is an operation, timed `n` times between two readings of the TSC, each time after a random
// pause, so that no sample sits at the same phase of anything; the cost of an empty pair of readings is taken off.
// Then the operation runs some more times between two HCALL_COUNTERS calls, for what an instruction count cannot
// show: ring crossings, device accesses, address-space switches. `prepare` is part of neither.
//
// role=ping also measures a round trip to the guest whose role is pong, its right neighbour unless peer= names
// another.
//
// Each figure is a row of a table, or with report=json one line of output that begins with "@json micro". Where every instruction is one tick (QEMU with
// -icount shift=0) the unit is "instructions", and the figures are the same in every run; elsewhere it is "ticks".
#include "apps.h"

#include <stdbool.h>

#include "args.h"
#include "clock.h"
#include "clock_event.h"
#include "console.h"
#include "hypercall.h"
#include "irq.h"
#include "memory.h"
#include "micro.h"
#include "micro_wait.h"
#include "pages.h"
#include "panic.h"
#include "random.h"

#include <lib/time.h>

#define SAMPLES_MAX 2000u
#define COUNT_ROUNDS 64u
#define EMPTY_ROUNDS 64u
#define UNIT_ROUNDS 16u
#define UNIT_TURNS 1000u

struct figure {
    const char *name;
    void (*prepare)(void);
    void (*operation)(void);  // to be counted
    uint64_t (*sample)(void); // to be timed: returns ticks, with those of an empty pair
};

static uint64_t *samples;
static uint64_t rounds, empty_ticks;
static uint64_t seed = 1;
static const char *unit;
static bool report_json;

// ---- The operations --------------------------------------------------------------------------------------------

static void nothing(void)
{
}

static inline void null_int(void)
{
    hypercall0(HCALL_NOP);
}

static inline void null_syscall(void)
{
    hypercall_fast0(HCALL_NOP);
}

static void disarm(void)
{
    hypercall_set_clockevent(0);
}

static uint64_t later_ns;

static void arm_soon(void)
{
    hypercall_set_clockevent(NSEC_PER_SEC);
    later_ns = clock_now_ns() + 2 * NSEC_PER_SEC;
}

// Every arm must be earlier than all before it: only then must the hypervisor program its hardware. All of them are a
// few milliseconds away, among the deadlines of other guests, if there are any.
#define HEAD_STEP_NS (4 * NSEC_PER_USEC)
static uint64_t head_delay_ns = (SAMPLES_MAX + COUNT_ROUNDS + 100) * HEAD_STEP_NS;

static void step_head(void)
{
    head_delay_ns -= HEAD_STEP_NS;
}

// The same for the absolute deadlines, twice.
static uint64_t deadline_delay_ns = 2 * (SAMPLES_MAX + COUNT_ROUNDS + 100) * HEAD_STEP_NS, head_ns;

static void step_deadline(void)
{
    deadline_delay_ns -= HEAD_STEP_NS;
    head_ns = clock_now_ns() + deadline_delay_ns;
}

static inline void arm_head(void)
{
    hypercall_set_clockevent(head_delay_ns);
}

static inline void arm_deadline(void)
{
    hypercall_set_deadline(head_ns);
}

static inline void arm_deadline_slack(void)
{
    hypercall_set_deadline_slack(head_ns, 10 * NSEC_PER_USEC);
}

static inline void rearm_later(void)
{
    clock_event_store(later_ns, 0);
}

static inline void breakpoint(void)
{
    __asm__ volatile("int3" : : : "memory");
}

static inline void clock_read(void)
{
    clock_now_ns();
}

#define TIMED(operation)                     \
    static uint64_t sample_##operation(void) \
    {                                        \
        uint64_t start_tsc = clock_tsc();    \
        operation();                         \
        return clock_tsc() - start_tsc;      \
    }

TIMED(nothing)
TIMED(null_int)
TIMED(null_syscall)
TIMED(arm_head)
TIMED(arm_deadline)
TIMED(arm_deadline_slack)
TIMED(rearm_later)
TIMED(breakpoint)
TIMED(clock_read)
TIMED(micro_wait_doorbell)

static const struct figure figures[] = {
    { "hypercall_null_int", nothing, null_int, sample_null_int },
    { "hypercall_null_syscall", nothing, null_syscall, sample_null_syscall },
    { "arm_head", step_head, arm_head, sample_arm_head },
    { "rearm_later", arm_soon, rearm_later, sample_rearm_later },
    { "exception_reflect_bp", disarm, breakpoint, sample_breakpoint },
    { "clock_read", nothing, clock_read, sample_clock_read },
    { "expiry_to_handler_running", micro_wait_arm, micro_wait_running, micro_wait_sample_running },
    { "expiry_to_handler_blocked", micro_wait_arm, micro_wait_blocked, micro_wait_sample_blocked },
    { "block_wake", nothing, micro_wait_halt, micro_wait_sample_halt },
    { "block_wake_one_call", nothing, micro_wait_block, micro_wait_sample_block },
    { "arm_deadline", step_deadline, arm_deadline, sample_arm_deadline },
    { "arm_deadline_slack", step_deadline, arm_deadline_slack, sample_arm_deadline_slack },
};

static const struct figure pingpong = { "doorbell_pingpong", nothing, micro_wait_doorbell,
                                        sample_micro_wait_doorbell };

// ---- Measuring -------------------------------------------------------------------------------------------------

// Two instructions a turn, at least one turn.
static inline void turn(uint64_t turns)
{
    __asm__ volatile("1: dec %0\n"
                     "   jnz 1b"
                     : "+r"(turns));
}

static void pause_randomly(void)
{
    turn(random_next(&seed) % 256 + 1);
}

// Not inlined, so that all calls execute the same instructions around the turns.
static __attribute__((noinline)) uint64_t ticks_of_turns(uint64_t turns)
{
    uint64_t start_tsc = clock_tsc();

    turn(turns);
    return clock_tsc() - start_tsc;
}

// Ticks are instructions when some thousands of instructions take exactly as many ticks, most times: an interrupt for
// another guest may come in between.
static const char *unit_of_ticks(void)
{
    unsigned int exact = 0;

    for (unsigned int i = 0; i < UNIT_ROUNDS; i++)
        exact += ticks_of_turns(3 * UNIT_TURNS) - ticks_of_turns(UNIT_TURNS) == 2 * 2 * UNIT_TURNS;
    return 2 * exact > UNIT_ROUNDS ? "instructions" : "ticks";
}

// Adds to *sum what the operation has counted. Two calls with nothing between them count too: that comes off.
static void count_once(const struct figure *figure, struct lull_counters *sum)
{
    struct lull_counters before = { 0 }, after = { 0 }, empty = { 0 };

    hypercall_counters(&before);
    hypercall_counters(&empty);
    figure->prepare();
    sum->crossings -= empty.crossings - before.crossings;
    sum->mmio -= empty.mmio - before.mmio;
    sum->cr3_loads -= empty.cr3_loads - before.cr3_loads;

    hypercall_counters(&before);
    figure->operation();
    hypercall_counters(&after);
    sum->crossings += after.crossings - before.crossings;
    sum->mmio += after.mmio - before.mmio;
    sum->cr3_loads += after.cr3_loads - before.cr3_loads;
}

// Ascending, by insertion with a shrinking gap (Shell's method).
static void sort(uint64_t *values, uint64_t count)
{
    for (uint64_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint64_t i = gap; i < count; i++) {
            uint64_t value = values[i];
            uint64_t at = i;

            for (; at >= gap && values[at - gap] > value; at -= gap)
                values[at] = values[at - gap];
            values[at] = value;
        }
    }
}

// A mean over COUNT_ROUNDS with two decimal places.
#define MEAN_FORMAT "%lu.%02lu"
#define MEAN(sum) (sum) / COUNT_ROUNDS, (sum) % COUNT_ROUNDS * 100 / COUNT_ROUNDS

static void print_head(void)
{
    if (!report_json)
        console_print("%-28s %8s %8s %8s %8s %9s %5s %5s\n", unit, "min", "median", "p99", "max", "crossings",
                      "MMIO", "CR3");
}

// Of the sorted samples, and of what COUNT_ROUNDS rounds have counted.
static void print_figure(const struct figure *figure, const struct lull_counters *sum)
{
    uint64_t median = samples[rounds / 2], p99 = samples[rounds * 99 / 100], max = samples[rounds - 1];

    if (!report_json) {
        console_print("%-28s %8lu %8lu %8lu %8lu %6lu.%02lu %2lu.%02lu %2lu.%02lu\n", figure->name,
                      samples[0], median, p99, max, MEAN(sum->crossings), MEAN(sum->mmio),
                      MEAN(sum->cr3_loads));
        return;
    }
    console_print(
        "@json micro {\"name\": \"%s\", \"unit\": \"%s\", \"n\": %lu, \"min\": %lu, \"median\": %lu, "
        "\"p99\": %lu, \"max\": %lu, \"crossings\": " MEAN_FORMAT ", \"mmio\": " MEAN_FORMAT
        ", \"cr3_loads\": " MEAN_FORMAT "}\n",
        figure->name, unit, rounds, samples[0], median, p99, max, MEAN(sum->crossings), MEAN(sum->mmio),
        MEAN(sum->cr3_loads));
}

static void measure(const struct figure *figure)
{
    struct lull_counters sum = { 0 };

    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t ticks;

        pause_randomly();
        figure->prepare();
        ticks = figure->sample();
        samples[i] = ticks > empty_ticks ? ticks - empty_ticks : 0;
    }
    for (unsigned int i = 0; i < COUNT_ROUNDS; i++)
        count_once(figure, &sum);
    disarm();
    sort(samples, rounds);
    print_figure(figure, &sum);
}

static void measure_empty(void)
{
    empty_ticks = UINT64_MAX;
    for (unsigned int i = 0; i < EMPTY_ROUNDS; i++) {
        uint64_t ticks = sample_nothing();

        if (ticks < empty_ticks)
            empty_ticks = ticks;
    }
}

void micro_start(void)
{
    bool pong = args_is("role", "pong");
    // The two guests of a pair stand side by side on the boot menu, ping first.
    uint64_t neighbour = pages_start()->guest_id + (pong ? UINT64_MAX : 1);
    uint64_t peer = args_u64("peer", neighbour, 0, UINT32_MAX);

    irq_disable();
    rounds = args_u64("n", 500, 100, SAMPLES_MAX);
    if (hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)micro_exception,
                              LULL_RETURN_WINDOW(0, 0)) != 0)
        panic("the hypervisor refuses the upcalls");

    if (pong) {
        micro_wait_answer(peer, 1 + rounds + COUNT_ROUNDS); // the first ring only asks whether it is there
        hypercall_exit(0);
    }
    samples = memory_take(rounds * sizeof *samples);
    unit = unit_of_ticks();
    report_json = args_is("report", "json");
    print_head();
    measure_empty();
    micro_wait_calibrate(empty_ticks);
    for (unsigned int i = 0; i < sizeof figures / sizeof figures[0]; i++)
        measure(&figures[i]);
    if (args_is("role", "ping") && micro_wait_set_peer(peer))
        measure(&pingpong);
    hypercall_exit(0);
}
