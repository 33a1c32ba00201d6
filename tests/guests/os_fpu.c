// SPDX-License-Identifier: BSD-2-Clause
// Guest OS, floating point: threads that are pre-empted get the results of their own rounding, by SSE and x87, and keep all
// their registers; those that give the CPU away keep the rounding.
#include "slice.h"
#include "test.h"
#include "thread.h"

#include <lib/time.h>

#define THREADS 4u // as many as there are roundings
#define SPIN_NS (12 * (uint64_t)SLICE_NS)

static volatile bool over;
static uint64_t rounds[THREADS], runs[THREADS];

// 1 / 3, as bits, by SSE and by x87, with the rounding that is set; xmm15 and the x87 stack carry values through.
static void divide(uint64_t *by_sse, uint64_t *by_x87, uint64_t *carried)
{
    double one = 1, three = 3;

    __asm__ volatile("movq %[one], %%xmm0\n"
                     "divsd %[three], %%xmm0\n"
                     "movq %%xmm0, %[sse]\n"
                     "fldl %[one]\n"
                     "fdivl %[three]\n"
                     "fstpl %[x87]\n"
                     "movq %%xmm15, %[carried]\n"
                     : [sse] "=m"(*by_sse), [x87] "=m"(*by_x87), [carried] "=m"(*carried)
                     : [one] "m"(one), [three] "m"(three)
                     : "memory");
}

static void set_rounding(unsigned int rounding, uint64_t own)
{
    uint32_t mxcsr = 0x1f80 | rounding << 13;
    uint16_t control = (uint16_t)(0x27f | rounding << 10); // double precision

    __asm__ volatile("ldmxcsr %[mxcsr]\n"
                     "fldcw %[control]\n"
                     "movq %[own], %%xmm15\n"
                     :
                     : [mxcsr] "m"(mxcsr), [control] "m"(control), [own] "m"(own));
}

// 1/3 is 0x3fd5555555555555.5555... times a power of two: nearest, down and towards zero give ...55, up gives ...56.
static uint64_t expected(unsigned int rounding)
{
    return UINT64_C(0x3fd5555555555555) + (rounding == 2);
}

static void compute(void *argument)
{
    uint64_t which = (uint64_t)argument, own = UINT64_C(0x0123456789abcdef) * (which + 1);
    uint64_t by_sse, by_x87, carried;

    set_rounding((unsigned int)which, own);
    while (!over) {
        divide(&by_sse, &by_x87, &carried);
        EXPECT_EQUAL(by_sse, expected((unsigned int)which));
        EXPECT_EQUAL(by_x87, expected((unsigned int)which));
        EXPECT_EQUAL(carried, own);
        rounds[which]++;
    }
    runs[which] = thread_current()->runs;
}

// Across a switch that the thread asks for, which is a call, a C function can count on the control words alone.
static void keep(void *argument)
{
    unsigned int which = (unsigned int)(uint64_t)argument;
    uint64_t by_sse, by_x87, carried;

    set_rounding(which, 0);
    for (unsigned int i = 0; i < 100; i++) {
        if (i % 2 == 0)
            thread_yield();
        else
            thread_sleep(1000);
        divide(&by_sse, &by_x87, &carried);
        EXPECT_EQUAL(by_sse, expected(which));
        EXPECT_EQUAL(by_x87, expected(which));
    }
}

static void run_all(void (*entry)(void *), uint64_t for_ns)
{
    struct thread *threads[THREADS];

    for (uint64_t i = 0; i < THREADS; i++)
        threads[i] = thread_create("computes", entry, (void *)i);
    thread_sleep(for_ns);
    over = true;
    for (unsigned int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
}

int test_main(void)
{
    thread_set_priority(THREAD_PRIORITY_HIGHEST);
    run_all(keep, NSEC_PER_MSEC);
    over = false;
    run_all(compute, SPIN_NS);
    for (unsigned int i = 0; i < THREADS; i++) {
        EXPECT(rounds[i] > 1000);
        EXPECT(runs[i] > 1);
    }
    return TEST_PASSED;
}
