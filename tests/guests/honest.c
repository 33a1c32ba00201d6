// SPDX-License-Identifier: BSD-2-Clause
// An honest guest beside hostile ones, for for= of the machine's time (20 ms unless given). Each turn it sleeps for a
// random time and then checks that everything is as it left it: memory, vCPU page, general, x87 and SSE registers,
// flags, selectors and their bases; that the pages which are read-only did not change; that the clock goes on, and is
// the same by the page and by the call. late=DURATION: an event that comes later than that behind its deadline is a
// failure too. spin=DURATION: it computes for so long in each turn, so that others get the CPU while its registers are
// in use. It exits with 0 when all was well.
#include "test.h"

#include "random.h"

#include <lib/histogram.h>
#include <lib/string.h>
#include <lib/time.h>

#define PATTERN UINT64_C(0x5a5a000000000000)
#define STACK_IN_USE 8192u
#define DELAY_BITS 20u // up to about 1 ms
#define XMM_COUNT 16u

// registers_trap.asm, and registers.c: the order is rax rbx rbp r12-r15 rcx rdx rsi rdi r8-r11 rflags.
#define REGISTERS 16u
#define RFLAGS 15u
#define FLAGS_MASK 0x8d7u
void registers_spin(const uint64_t in[REGISTERS], uint64_t out[REGISTERS], const volatile uint64_t *word);

struct fpu {
    uint8_t area[512];
} __attribute__((aligned(16)));

static uint64_t random_state;
static struct histogram lateness;
static uint64_t page_sum;

// ---- Memory -----------------------------------------------------------------------------------------------------

static void each_word(void (*visit)(volatile uint64_t *word))
{
    volatile uint64_t *word = (volatile uint64_t *)pages_start()->ram_start;
    volatile uint64_t *end = (volatile uint64_t *)(pages_start()->ram_end - STACK_IN_USE);

    for (; word < end; word++)
        visit(word);
    // The vCPU page behind what the ABI uses of it.
    word = (volatile uint64_t *)(LULL_VCPU_PAGE + sizeof(struct lull_vcpu_page));
    for (; word < (volatile uint64_t *)(LULL_VCPU_PAGE + LULL_PAGE_SIZE); word++)
        visit(word);
}

static void set(volatile uint64_t *word)
{
    *word = PATTERN ^ (uint64_t)word;
}

static void check(volatile uint64_t *word)
{
    EXPECT_EQUAL(*word, PATTERN ^ (uint64_t)word);
}

// Of the read-only pages, all but the words of the time page that the hypervisor brings up to date.
static uint64_t sum_pages(void)
{
    const volatile struct lull_time_page *time = pages_time();
    const uint64_t *word = (const uint64_t *)LULL_START_PAGE;
    uint64_t sum = time->flags + time->base_tsc * 3 + time->base_ns * 5 + time->mult * 7 + time->shift +
                   time->wall_base_ns * 11;

    for (unsigned int i = 0; i < LULL_PAGE_SIZE / 8; i++)
        sum = sum * 31 + word[i];
    return sum;
}

// ---- Registers --------------------------------------------------------------------------------------------------

// With the FPU full of a pattern and all registers in use, spins until its timer has come; both must be as they were.
static void spin(uint64_t delay_ns)
{
    static struct fpu in, out;
    uint64_t registers_in[REGISTERS], registers_out[REGISTERS];
    uint64_t mix = random_next(&random_state), cr_flags;

    __asm__ volatile("fxsave64 %0" : "=m"(in));
    for (unsigned int i = 160; i < 160 + 16 * XMM_COUNT; i++)
        in.area[i] = (uint8_t)(mix >> i % 56);
    for (unsigned int i = 32; i < 160; i++)
        in.area[i] = (uint8_t)(i % 16 < 10 ? mix >> i % 48 : 0);
    in.area[25] = (uint8_t)((in.area[25] & 0x9f) | (mix & 3) << 5); // rounding, in MXCSR
    in.area[1] = (uint8_t)((in.area[1] & 0xf3) | (mix & 3) << 2);   // and in the control word
    in.area[4] = 0xff;                                              // all x87 registers are in use
    for (unsigned int i = 0; i < REGISTERS; i++)
        registers_in[i] = mix * (2 * i + 3);
    registers_in[RFLAGS] = (mix & FLAGS_MASK) | 2;

    test_timer_count = 0;
    uint64_t armed_ns = clock_now_ns();
    __asm__ volatile("fxrstor64 %0" : : "m"(in));
    hypercall_set_clockevent(delay_ns);
    irq_enable();
    registers_spin(registers_in, registers_out, &test_timer_count);
    irq_disable();
    __asm__ volatile("fxsave64 %0" : "=m"(out));
    __asm__ volatile("fninit");
    EXPECT(test_timer_ns >= armed_ns + delay_ns);
    // Not the last instruction's addresses, nor what is reserved behind the registers.
    EXPECT_EQUAL(memcmp(in.area, out.area, 6), 0);
    EXPECT_EQUAL(memcmp(in.area + 24, out.area + 24, 4), 0);
    EXPECT_EQUAL(memcmp(in.area + 32, out.area + 32, 128 + 16 * XMM_COUNT), 0);
    for (unsigned int i = 1; i < RFLAGS; i++) // rax is what registers_spin() looks with
        EXPECT_EQUAL(registers_out[i], registers_in[i]);
    __asm__ volatile("pushf\n pop %0" : "=r"(cr_flags) : : "memory");
    EXPECT_EQUAL(cr_flags & ~(uint64_t)FLAGS_MASK,
                 0x200); // and nothing of IOPL, NT, AC, TF, VM, VIF, VIP, ID
}

static void check_segments(void)
{
    uint64_t ss, ds, es, fs, gs, by_fs, by_gs;
    const uint64_t *word = (const uint64_t *)LULL_START_PAGE;

    __asm__ volatile("mov %%ss, %0\n mov %%ds, %1\n mov %%es, %2\n mov %%fs, %3\n mov %%gs, %4"
                     : "=r"(ss), "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    EXPECT_EQUAL(ds, ss);
    EXPECT_EQUAL(es, ss);
    EXPECT_EQUAL(fs, ss);
    EXPECT_EQUAL(gs, ss);
    __asm__ volatile("mov %%fs:(%2), %0\n mov %%gs:(%2), %1" : "=&r"(by_fs), "=&r"(by_gs) : "r"(word));
    EXPECT_EQUAL(by_fs, *word);
    EXPECT_EQUAL(by_gs, *word);
}

// ---- Time -------------------------------------------------------------------------------------------------------

static uint64_t check_clock(uint64_t last_ns)
{
    uint64_t before_ns = clock_now_ns(), by_call_ns = hypercall_clock_read(), after_ns = clock_now_ns();

    EXPECT(last_ns <= before_ns);
    EXPECT(before_ns <= by_call_ns);
    EXPECT(by_call_ns <= after_ns);
    return after_ns;
}

static void sleep_and_check(uint64_t late_max_ns)
{
    uint64_t delay_ns = random_log(&random_state, DELAY_BITS);
    uint64_t deadline_ns = clock_now_ns() + delay_ns;

    hypercall_set_deadline(deadline_ns);
    for (test_timer_count = 0; test_timer_count == 0;) {
        hypercall_halt();
        irq_disable();
    }
    EXPECT(test_timer_ns >= deadline_ns);
    // A handler that serves another interrupt takes this one along; then there was no upcall to write the record.
    if (pages_vcpu()->timer.deadline_ns == deadline_ns)
        EXPECT(pages_vcpu()->timer.fired_ns >= deadline_ns);
    EXPECT(pages_vcpu()->timer.injected_ns >= pages_vcpu()->timer.fired_ns);
    histogram_add(&lateness, test_timer_ns - deadline_ns);
    if (late_max_ns != 0)
        EXPECT(test_timer_ns - deadline_ns <= late_max_ns);
}

int test_main(void)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t end_ns = now_ns + args_duration_ns("for", 20 * NSEC_PER_MSEC, 1, TIME_NEVER / 2);
    uint64_t late_max_ns = args_duration_ns("late", 0, 0, NSEC_PER_SEC);
    uint64_t spin_ns = args_duration_ns("spin", 0, 0, NSEC_PER_SEC);

    random_state = 1 + pages_start()->guest_id;
    histogram_reset(&lateness);
    each_word(set);
    page_sum = sum_pages();
    for (unsigned int turn = 0; now_ns < end_ns; turn++) {
        sleep_and_check(late_max_ns);
        if (spin_ns != 0)
            spin(spin_ns);
        check_segments();
        if (turn % 64 == 0)
            each_word(check);
        now_ns = check_clock(now_ns);
    }
    each_word(check);
    EXPECT_EQUAL(sum_pages(), page_sum);
    console_print("honest: %lu events, late by median %lu p99 %lu max %lu ns\n", lateness.count,
                  histogram_quantile(&lateness, 500), histogram_quantile(&lateness, 990), lateness.max_ns);
    return TEST_PASSED;
}
