// SPDX-License-Identifier: BSD-2-Clause
// Ways to a selector of ring 0, chosen by do=: iretq, far return, far jump, and segment loads. All must give a general
// protection fault and kill the guest. sel= is the selector (0x08, the first code or data one, unless given).
#include "test.h"

static void do_iretq(uint64_t selector, uint64_t ss)
{
    __asm__ volatile("mov %%rsp, %%rax\n"
                     "push %[ss]\n"
                     "push %%rax\n"
                     "pushf\n"
                     "push %[selector]\n"
                     "lea 1f(%%rip), %%rax\n"
                     "push %%rax\n"
                     "iretq\n"
                     "1:"
                     :
                     : [selector] "r"(selector), [ss] "r"(ss)
                     : "rax", "memory");
}

static void do_far_return(uint64_t selector)
{
    __asm__ volatile("push %[selector]\n"
                     "lea 1f(%%rip), %%rax\n"
                     "push %%rax\n"
                     "lretq\n"
                     "1:"
                     :
                     : [selector] "r"(selector)
                     : "rax", "memory");
}

static void do_far_jump(uint64_t selector)
{
    struct {
        uint64_t offset;
        uint16_t selector;
    } __attribute__((packed)) target = { 0, (uint16_t)selector };

    __asm__ volatile("lea 1f(%%rip), %%rax\n"
                     "mov %%rax, %[target]\n"
                     "rex.w ljmp *%[target]\n"
                     "1:"
                     : [target] "+m"(target)
                     :
                     : "rax", "memory");
}

int test_main(void)
{
    uint64_t selector = args_u64("sel", 0x08, 0, 0xffff);
    uint64_t own_ss;

    __asm__("mov %%ss, %0" : "=r"(own_ss));
    if (args_is("do", "iretq"))
        do_iretq(selector, own_ss);
    else if (args_is("do", "iretq_ss"))
        do_iretq(0x08 | 3, selector);
    else if (args_is("do", "far_return"))
        do_far_return(selector);
    else if (args_is("do", "far_jump"))
        do_far_jump(selector);
    else if (args_is("do", "mov_ds"))
        __asm__ volatile("mov %w0, %%ds" : : "r"(selector));
    else if (args_is("do", "mov_ss"))
        __asm__ volatile("mov %w0, %%ss" : : "r"(selector));
    else if (args_is("do", "mov_fs"))
        __asm__ volatile("mov %w0, %%fs" : : "r"(selector));
    else if (args_is("do", "mov_gs"))
        __asm__ volatile("mov %w0, %%gs" : : "r"(selector));
    console_print("selector 0x%lx was accepted\n", selector);
    return TEST_FAILED;
}
