// SPDX-License-Identifier: BSD-2-Clause
// Flags that a guest can set and that would hurt a careless hypervisor: AC (switches SMAP off), NT (makes iretq
// fault), DF (turns string instructions round), TF (a trap after each instruction). Each is set across both hypercall
// traps, an exception and an interrupt, and is still set afterwards. IOPL and IF cannot be changed by popf.
#include "test.h"

#define RFLAGS_TF (1 << 8)
#define RFLAGS_IF (1u << 9)
#define RFLAGS_DF (1u << 10)
#define RFLAGS_IOPL (3u << 12)
#define RFLAGS_NT (1u << 14)
#define RFLAGS_AC (1u << 18)

#define EXCEPTION_DB 1

static uint64_t read_flags(void)
{
    uint64_t flags;

    __asm__ volatile("pushf\n pop %0" : "=r"(flags) : : "memory");
    return flags;
}

static void write_flags(uint64_t flags)
{
    __asm__ volatile("push %0\n popf" : : "r"(flags) : "memory", "cc");
}

static void traps_with(uint64_t flag)
{
    uint64_t plain = read_flags();
    int64_t by_int, by_syscall;
    uint64_t after;

    write_flags(plain | flag);
    by_int = hypercall0(HCALL_YIELD);
    by_syscall = hypercall_fast0(HCALL_YIELD);
    __asm__ volatile("int3" : : : "memory");
    after = read_flags();
    write_flags(plain);
    EXPECT_EQUAL(by_int, LULL_OK);
    EXPECT_EQUAL(by_syscall, LULL_OK);
    EXPECT((after & flag) != 0);
}

// An interrupt while the flag is set; the handler is called with the flags of the ABI.
static void interrupt_with(uint64_t flag, uint64_t delay_ns)
{
    uint64_t plain = read_flags();
    uint64_t before = test_timer_count;
    uint64_t after;

    hypercall_set_clockevent(delay_ns);
    irq_enable();
    write_flags(plain | flag);
    while (test_timer_count == before) {
    }
    after = read_flags();
    write_flags(plain);
    irq_disable();
    EXPECT((after & flag) != 0);
}

// At least each of the ten nop traps; how a trap instruction itself counts differs between CPUs.
static void single_step(void)
{
    uint64_t before = test_exception.count;

    __asm__ volatile("pushf\n orq %[tf], (%%rsp)\n popf\n"
                     "nop\n nop\n nop\n nop\n nop\n"
                     "mov %[yield], %%eax\n int %[vector]\n"
                     "mov %[yield], %%eax\n syscall\n"
                     "nop\n nop\n nop\n nop\n nop\n"
                     "pushf\n andq %[no_tf], (%%rsp)\n popf"
                     :
                     : [tf] "i"(RFLAGS_TF), [no_tf] "i"(~RFLAGS_TF), [yield] "i"(HCALL_YIELD),
                       [vector] "i"(LULL_HCALL_VECTOR)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
    EXPECT(test_exception.count >= before + 10);
    EXPECT(test_exception.count <= before + 20);
    EXPECT_EQUAL(test_exception.vector, EXCEPTION_DB);
}

int test_main(void)
{
    irq_init(true);
    traps_with(RFLAGS_AC);
    traps_with(RFLAGS_DF);
    for (uint64_t delay_ns = 1; delay_ns < 4000; delay_ns += 37) {
        interrupt_with(RFLAGS_AC, delay_ns);
        interrupt_with(RFLAGS_DF, delay_ns);
    }
    single_step();

    // IF is always seen as 1 (the virtual one is a word in memory), IOPL as 0.
    write_flags((read_flags() | RFLAGS_IOPL) & ~(uint64_t)RFLAGS_IF);
    EXPECT_EQUAL(read_flags() & RFLAGS_IOPL, 0);
    EXPECT((read_flags() & RFLAGS_IF) != 0);
    return TEST_PASSED;
}
