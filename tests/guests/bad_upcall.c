// SPDX-License-Identifier: BSD-2-Clause
// HCALL_UPCALL_RETURN with a frame of the guest's own making, chosen by do=. Nothing in it may carry the guest
// anywhere that popf and ret could not: not to ring 0, not with more privilege, not into a fault in the hypervisor.
#include "test.h"

#define RFLAGS_TF (1u << 8)
#define RFLAGS_IOPL (3u << 12)
#define RFLAGS_NT (1u << 14)
#define RFLAGS_VM (1u << 17)
#define RFLAGS_ALWAYS (1u << 1)

#define EXIT_REACHED 7 // the frame was loaded and the guest went on as it may

// What the call finds on the stack: rax, then the frame, then the red zone, above which the guest goes on.
static struct {
    uint64_t room[512]; // for what runs there
    uint64_t rax;
    struct lull_upcall_frame frame;
    uint8_t red_zone[LULL_RED_ZONE];
    uint64_t top[3];
} __attribute__((aligned(16))) stack;

static _Noreturn void return_through(struct lull_upcall_frame frame)
{
    stack.frame = frame;
    __asm__ volatile("mov %[stack], %%rsp\n"
                     "int %[vector]\n"
                     "ud2"
                     :
                     : [stack] "r"(&stack.rax), "a"(HCALL_UPCALL_RETURN), [vector] "i"(LULL_HCALL_VECTOR)
                     : "memory");
    __builtin_unreachable();
}

static void reached(void)
{
    hypercall_exit(EXIT_REACHED);
}

// With IOPL 3 this would be allowed.
static void reached_cli(void)
{
    __asm__ volatile("cli");
    hypercall_exit(TEST_FAILED);
}

int test_main(void)
{
    struct lull_upcall_frame frame = { .rip = (uint64_t)reached, .rflags = RFLAGS_ALWAYS | LULL_RFLAGS_IF };

    if (args_is("do", "rip")) {
        frame.rip = args_u64("value", 0, 0, UINT64_MAX);
    } else if (args_is("do", "iopl")) {
        frame.rip = (uint64_t)reached_cli;
        frame.rflags |= RFLAGS_IOPL;
    } else if (args_is("do", "rflags")) {
        frame.rflags |= RFLAGS_NT | RFLAGS_VM | UINT64_C(0xffffffff00000000);
    } else if (args_is("do", "tf")) {
        frame.rflags |= RFLAGS_TF;
    }
    return_through(frame);
}
