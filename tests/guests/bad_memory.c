// SPDX-License-Identifier: BSD-2-Clause
// One access or jump, chosen by do= read, write or jump, to the address at=, which the guest must not touch. It has no
// exception handler, so it must be killed. Some places are named: text, rodata, data, stack,
// ram_end. With say=before it writes a line first.
#include "test.h"

static uint64_t address(void)
{
    static const uint64_t rodata = 1;
    static uint64_t data;

    if (args_is("at", "text"))
        return (uint64_t)test_main;
    if (args_is("at", "rodata"))
        return (uint64_t)&rodata;
    if (args_is("at", "data"))
        return (uint64_t)&data;
    if (args_is("at", "stack"))
        return (uint64_t)__builtin_frame_address(0);
    if (args_is("at", "ram_end"))
        return pages_start()->ram_end;
    return args_u64("at", 0, 0, UINT64_MAX);
}

int test_main(void)
{
    volatile uint64_t *place = (volatile uint64_t *)address();

    if (args_is("say", "before"))
        console_print("%p will be touched\n", (void *)place);
    if (args_is("do", "read"))
        (void)*place;
    else if (args_is("do", "write"))
        *place = 0xc3; // `ret`, should it be executed
    else if (args_is("do", "jump"))
        __asm__ volatile("jmp *%[place]" : : [place] "r"(place) : "memory");
    console_print("%p was touched\n", (void *)place);
    return TEST_FAILED;
}
