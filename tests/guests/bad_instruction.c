// SPDX-License-Identifier: BSD-2-Clause
// One instruction, chosen by do=, that ring 3 must not execute. The guest has no exception handler, so it must be
// killed, with the exception that selftest.list names. To get past the instruction is failure.
#include "test.h"

// One function for one instruction. Values lie in registers, so that it is the instruction itself that faults.
#define INSTRUCTION(name, text)                                                      \
    static void do_##name(void)                                                      \
    {                                                                                \
        __asm__ volatile(text : : "a"(0L), "c"(0L), "d"(0L), "D"(table) : "memory"); \
    }

// Operand for what loads a table or a selector; zero is harmless should it be loaded.
static uint64_t table[8];

INSTRUCTION(cli, "cli")
INSTRUCTION(sti, "sti")
INSTRUCTION(hlt, "hlt")
INSTRUCTION(in, "in $0x60, %%al")
INSTRUCTION(out, "out %%al, $0x80")
INSTRUCTION(outs, "outsb")
INSTRUCTION(rdmsr, "mov $0xc0000080, %%ecx\n rdmsr")
INSTRUCTION(wrmsr, "mov $0xc0000080, %%ecx\n wrmsr")
INSTRUCTION(mov_cr0, "mov %%cr0, %%rax")
INSTRUCTION(mov_cr3, "mov %%rax, %%cr3")
INSTRUCTION(mov_cr4, "mov %%rax, %%cr4")
INSTRUCTION(mov_cr8, "mov %%rax, %%cr8")
INSTRUCTION(mov_dr7, "mov %%rax, %%dr7")
INSTRUCTION(lgdt, "lgdt (%%rdi)")
INSTRUCTION(lidt, "lidt (%%rdi)")
INSTRUCTION(lldt, "lldt %%ax")
INSTRUCTION(ltr, "ltr %%ax")
INSTRUCTION(lmsw, "lmsw %%ax")
INSTRUCTION(clts, "clts")
INSTRUCTION(invlpg, "invlpg (%%rdi)")
INSTRUCTION(invd, "invd")
INSTRUCTION(wbinvd, "wbinvd")
INSTRUCTION(swapgs, "swapgs")
INSTRUCTION(sysret, "sysretq")
INSTRUCTION(xsetbv, "xsetbv")
INSTRUCTION(ud2, "ud2")
INSTRUCTION(int3, "int3")
INSTRUCTION(divide, "div %%ecx")
INSTRUCTION(x87, "fninit\n movw $0x340, (%%rdi)\n fldcw (%%rdi)\n fld1\n fldz\n fdivrp\n fwait")
INSTRUCTION(single_step, "pushf\n orq $0x100, (%%rsp)\n popf\n nop\n nop")

static const struct instruction {
    const char *name;
    void (*execute)(void);
} instructions[] = {
    { "cli", do_cli },         { "sti", do_sti },         { "hlt", do_hlt },
    { "in", do_in },           { "out", do_out },         { "outs", do_outs },
    { "rdmsr", do_rdmsr },     { "wrmsr", do_wrmsr },     { "mov_cr0", do_mov_cr0 },
    { "mov_cr3", do_mov_cr3 }, { "mov_cr4", do_mov_cr4 }, { "mov_cr8", do_mov_cr8 },
    { "mov_dr7", do_mov_dr7 }, { "lgdt", do_lgdt },       { "lidt", do_lidt },
    { "lldt", do_lldt },       { "ltr", do_ltr },         { "lmsw", do_lmsw },
    { "clts", do_clts },       { "invlpg", do_invlpg },   { "invd", do_invd },
    { "wbinvd", do_wbinvd },   { "swapgs", do_swapgs },   { "sysret", do_sysret },
    { "xsetbv", do_xsetbv },   { "ud2", do_ud2 },         { "int3", do_int3 },
    { "divide", do_divide },   { "x87", do_x87 },         { "single_step", do_single_step },
};

int test_main(void)
{
    for (unsigned int i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        if (args_is("do", instructions[i].name)) {
            instructions[i].execute();
            console_print("%s was executed\n", instructions[i].name);
        }
    }
    return TEST_FAILED;
}
