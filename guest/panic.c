// SPDX-License-Identifier: BSD-2-Clause
// Panic: stop the interrupts, say why, exit.
#include "panic.h"

#include <stdarg.h>

#include "console.h"
#include "hypercall.h"
#include "irq.h"

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    irq_disable();
    console_print("panic: ");
    va_start(arguments, format);
    console_vprint(format, arguments);
    va_end(arguments);
    console_print("\n");
    hypercall_exit(PANIC_EXIT_CODE);
}

_Noreturn void panic_exception(const struct exception *exception)
{
    const struct exception *e = exception;
    const struct lull_upcall_frame *frame = &exception->hv.frame;

    console_print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", e->rax, e->rbx, e->rcx, e->rdx);
    console_print("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", e->rsi, e->rdi, e->rbp,
                  lull_interrupted_rsp(frame));
    console_print("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", e->r8, e->r9, e->r10, e->r11);
    console_print("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", e->r12, e->r13, e->r14, e->r15);
    console_print("rip %016lx rflags %08lx fault address %016lx\n", frame->rip, frame->rflags,
                  pages_vcpu()->fault_address);
    panic("exception %lu, error 0x%lx", e->hv.vector, e->hv.error);
}
