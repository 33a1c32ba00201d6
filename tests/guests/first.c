// SPDX-License-Identifier: BSD-2-Clause
// A guest that reads the TSC by its very first instruction, says what it was, and ends with 0: `make bench` takes the time of
// the boot by it. It links nothing that could come before.
#include "hypercall.h"

#include <lib/format.h>

#define TEXT_SIZE 64u

_Noreturn void first_main(uint64_t tsc);

__asm__(".globl guest_start\n"
        "guest_start:\n\t"
        "rdtsc\n\t"
        "shl $32, %rdx\n\t"
        "lea (%rax,%rdx), %rdi\n\t"
        "call first_main");

_Noreturn void first_main(uint64_t tsc)
{
    char text[TEXT_SIZE];

    hypercall_console_write(
        text, format_buffer(text, sizeof text, "@json first_instruction {\"tsc\": %lu}\n", tsc));
    hypercall_exit(0);
}
