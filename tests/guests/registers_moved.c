// SPDX-License-Identifier: BSD-2-Clause
// Keeps a value of its own in each register, without a call, until its timer interrupts it, and then looks whether they
// are all still there; for ever. What the operator does to it meanwhile (another CPU, a pause) must not show.
#include "test.h"

#include <lib/time.h>

#define REGISTERS 16u
#define RFLAGS 15u
#define ROUND_NS (50 * NSEC_PER_MSEC)

void registers_spin(const uint64_t in[REGISTERS], uint64_t out[REGISTERS], const volatile uint64_t *word);

int test_main(void)
{
    uint64_t in[REGISTERS], out[REGISTERS];

    for (uint64_t round = 1;; round++) {
        for (unsigned int i = 0; i < REGISTERS; i++)
            in[i] = round * UINT64_C(0x9e3779b97f4a7c15) + i;
        in[RFLAGS] = 2; // the bit that is always set
        test_timer_count = 0;
        hypercall_set_clockevent(ROUND_NS);
        irq_enable();
        registers_spin(in, out, &test_timer_count);
        irq_disable();
        for (unsigned int i = 1; i < RFLAGS; i++) // but for rax, in which it looks for the interrupt
            EXPECT_EQUAL(out[i], in[i]);
    }
}
