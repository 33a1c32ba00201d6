// SPDX-License-Identifier: BSD-2-Clause
// Panic: stop the interrupts, say who called whom and why, exit.
#include "panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "hypercall.h"
#include "irq.h"
#include "pages.h"

#include <lib/bits.h>

#define CALLS_MAX 16u

// What a function compiled with frame pointers pushes at its beginning (System V ABI, AMD64, 3.2.2).
struct stack_frame {
    const struct stack_frame *caller;
    uint64_t return_address;
};

// All stacks lie behind the image, so what lies there can be read, whatever it is.
static bool is_readable(const struct stack_frame *frame)
{
    const struct lull_start_page *start = pages_start();

    return is_aligned((uint64_t)frame, sizeof(uint64_t)) && (uint64_t)frame >= start->ram_start &&
           (uint64_t)frame < start->ram_end - sizeof *frame;
}

// The chain ends where it does not go up any more: at the frame of the first function, whose caller is null, or at one that
// was overwritten.
static void print_calls(const struct stack_frame *frame)
{
    console_print("called from");
    for (unsigned int i = 0; i < CALLS_MAX && is_readable(frame); i++) {
        console_print(" 0x%lx", frame->return_address);
        if (frame->caller <= frame)
            break;
        frame = frame->caller;
    }
    console_print("\n");
}

static _Noreturn void give_up(const char *format, va_list arguments)
{
    console_print("panic: ");
    console_vprint(format, arguments);
    console_print("\n");
    hypercall_exit(PANIC_EXIT_CODE);
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    irq_disable();
    print_calls(__builtin_frame_address(0));
    va_start(arguments, format);
    give_up(format, arguments);
}

static _Noreturn void give_up_with(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    give_up(format, arguments);
}

_Noreturn void panic_exception(const struct exception *exception)
{
    const struct exception *e = exception;
    const struct lull_upcall_frame *frame = &exception->hv.frame;

    irq_disable();
    console_print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", e->rax, e->rbx, e->rcx, e->rdx);
    console_print("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", e->rsi, e->rdi, e->rbp,
                  lull_interrupted_rsp(frame));
    console_print("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", e->r8, e->r9, e->r10, e->r11);
    console_print("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", e->r12, e->r13, e->r14, e->r15);
    console_print("rip 0x%lx rflags 0x%lx fault address 0x%lx\n", frame->rip, frame->rflags,
                  pages_vcpu()->fault_address);
    print_calls((const struct stack_frame *)e->rbp);
    give_up_with("exception %lu, error 0x%lx", e->hv.vector, e->hv.error);
}
