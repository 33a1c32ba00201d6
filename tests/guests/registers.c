// SPDX-License-Identifier: BSD-2-Clause
// Registers. A hypercall by either trap preserves rbx, rbp, rsp and r12-r15, returns zero in the scratch registers
// (so nothing of the hypervisor leaks; after `syscall` rcx and r11 may instead hold what the CPU itself put there) and
// leaves the flags alone. An interrupt upcall, and another guest that runs in
// between, preserve all of them.
#include "test.h"

#define REGISTERS 16u
#define RAX 0u // the order in registers_trap.asm
#define CALLS 2000u

// registers_trap.asm: load all registers from `in`, trap, store all in `out`; the order is rax rbx rbp r12 r13 r14 r15
// (preserved), rcx rdx rsi rdi r8 r9 r10 r11 (scratch), rflags.
void registers_int(const uint64_t in[REGISTERS], uint64_t out[REGISTERS]);
void registers_syscall(const uint64_t in[REGISTERS], uint64_t out[REGISTERS]);

// The same around a loop that ends when *word is not 0, with no trap of its own. It uses rax only.
void registers_spin(const uint64_t in[REGISTERS], uint64_t out[REGISTERS], const volatile uint64_t *word);

#define PRESERVED 7u
#define RCX 7u
#define R11 14u
#define SCRATCH 15u
#define RFLAGS 15u

// CF, PF, AF, ZF, SF, OF and the bit that is always set; DF would be against the calling convention.
#define FLAGS_MASK 0x8d7u

static void fill(uint64_t in[REGISTERS], uint64_t pattern)
{
    for (unsigned int i = 0; i < REGISTERS; i++)
        in[i] = pattern * UINT64_C(0x9e3779b97f4a7c15) + i;
    in[RFLAGS] = (pattern & FLAGS_MASK) | 2;
}

static void check_preserved(const uint64_t in[REGISTERS], const uint64_t out[REGISTERS])
{
    for (unsigned int i = RAX + 1; i < PRESERVED; i++)
        EXPECT_EQUAL(out[i], in[i]);
}

static void check_call(void (*trap)(const uint64_t *, uint64_t *), uint64_t number, int64_t result,
                       uint64_t pattern)
{
    uint64_t in[REGISTERS], out[REGISTERS];

    fill(in, pattern);
    in[RAX] = number;
    trap(in, out);
    EXPECT_EQUAL(out[RAX], result);
    check_preserved(in, out);
    EXPECT_EQUAL(out[RFLAGS] & FLAGS_MASK, in[RFLAGS] & FLAGS_MASK);
    for (unsigned int i = PRESERVED; i < SCRATCH; i++)
        if (trap == registers_syscall && i == RCX && out[i] != 0)
            EXPECT(out[i] > (uint64_t)registers_syscall && out[i] < (uint64_t)registers_spin);
        else if (trap == registers_syscall && i == R11 && out[i] != 0)
            EXPECT_EQUAL(out[i] & FLAGS_MASK, in[RFLAGS] & FLAGS_MASK);
        else
            EXPECT_EQUAL(out[i], 0);
}

int test_main(void)
{
    uint64_t in[REGISTERS], out[REGISTERS];

    for (uint64_t pattern = 0; pattern < CALLS; pattern++) {
        check_call(registers_int, HCALL_NOP, LULL_OK, pattern);
        check_call(registers_syscall, HCALL_NOP, LULL_OK, pattern);
        check_call(registers_int, HCALL_YIELD, LULL_OK, pattern);
        check_call(registers_syscall, HCALL_YIELD, LULL_OK, pattern);
        check_call(registers_int, UINT64_MAX, LULL_ENOSYS, pattern);
        check_call(registers_syscall, UINT64_MAX, LULL_ENOSYS, pattern);
        // Enabled interrupts and one pending: the upcall comes between the call and its return.
        hypercall_doorbell(pages_start()->guest_id);
        check_call(registers_int, HCALL_HALT, LULL_OK, pattern);
        irq_disable();
        hypercall_doorbell(pages_start()->guest_id);
        check_call(registers_syscall, HCALL_HALT, LULL_OK, pattern);
        irq_disable();
    }
    EXPECT_EQUAL(test_doorbell_count, 2 * CALLS);

    for (uint64_t pattern = 1; pattern <= CALLS; pattern++) {
        test_timer_count = 0;
        fill(in, pattern);
        hypercall_set_clockevent(pattern);
        irq_enable();
        registers_spin(in, out, &test_timer_count);
        irq_disable();
        check_preserved(in, out);
        for (unsigned int i = PRESERVED; i < SCRATCH; i++)
            EXPECT_EQUAL(out[i], in[i]);
    }
    return TEST_PASSED;
}
