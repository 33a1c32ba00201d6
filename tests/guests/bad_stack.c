// SPDX-License-Identifier: BSD-2-Clause
// An upcall needs a stack, and this guest's rsp is at= when it comes: the timer's (do=timer), an exception's
// (do=exception), or the return call's (do=return). The hypervisor must not write or read there for it; it kills the
// guest with the reason bad-stack.
#include "test.h"

#include <lib/time.h>

static _Noreturn void spin_with_stack(uint64_t stack)
{
    __asm__ volatile("mov %[stack], %%rsp\n"
                     "1: jmp 1b"
                     :
                     : [stack] "r"(stack)
                     : "memory");
    __builtin_unreachable();
}

static _Noreturn void fault_with_stack(uint64_t stack)
{
    __asm__ volatile("mov %[stack], %%rsp\n"
                     "ud2"
                     :
                     : [stack] "r"(stack)
                     : "memory");
    __builtin_unreachable();
}

static _Noreturn void return_with_stack(uint64_t stack)
{
    __asm__ volatile("mov %[stack], %%rsp\n"
                     "int %[vector]\n"
                     "ud2"
                     :
                     : [stack] "r"(stack), "a"(HCALL_UPCALL_RETURN), [vector] "i"(LULL_HCALL_VECTOR)
                     : "memory");
    __builtin_unreachable();
}

int test_main(void)
{
    uint64_t stack = args_is("at", "text") ? (uint64_t)test_main : args_u64("at", 0, 0, UINT64_MAX);

    irq_init(true);
    if (args_is("do", "exception"))
        fault_with_stack(stack);
    if (args_is("do", "return"))
        return_with_stack(stack);
    // Events that come before it has the other stack are taken on this one; then comes the next.
    hypercall_set_periodic(NSEC_PER_MSEC);
    irq_enable();
    spin_with_stack(stack);
}
