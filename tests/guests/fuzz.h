// SPDX-License-Identifier: BSD-2-Clause
// The parts of the fuzzing guest. fuzz.c says what it does.
//
// An operation is a set of all registers and a place to go on at: the engine (fuzz_engine.asm) loads the one and jumps
// to the other. It ends in whatever comes of it: code that was reached behind it, an interrupt, an exception. Each
// leads to fuzz_step(), on a fresh stack, or the guest is killed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "random.h"
#include "test.h"

// What an operation was, for the reader of a record. Each is one attempt: the hypercall that limits its time, where it
// may loop, and the repair of upcalls are not counted.
enum fuzz_kind {
    FUZZ_CALL,    // a hypercall, by int or syscall, with any number and arguments
    FUZZ_PAGE,    // words of the vCPU page, then a hypercall that makes the hypervisor look at them
    FUZZ_TOUCH,   // a load, store, string move, jump or call at any address
    FUZZ_DENIED,  // a privileged instruction, or port I/O
    FUZZ_FREE,    // an instruction that is allowed, with odd registers: selectors, CPUID, FPU, RDRAND
    FUZZ_INT,     // int n
    FUZZ_FLAGS,   // popfq with any flags, then a trap
    FUZZ_FRAME,   // iretq, far return with any frame
    FUZZ_RETURN,  // HCALL_UPCALL_RETURN with any flags
    FUZZ_UPCALLS, // HCALL_SET_UPCALLS with any entries and window, then a trap
    FUZZ_STACK,   // a trap with any rsp
    FUZZ_FPU,     // any x87 and SSE state, then instructions that use it
    FUZZ_BYTES,   // random bytes are executed
    FUZZ_CORRUPT, // words of its own memory, stacks and variables
};

// What must never happen: the low bits of the exit code.
#define FUZZ_FOUND_FLAGS 1    // it runs with IF off, or IOPL, VM, VIF or VIP on
#define FUZZ_FOUND_RING 2     // it does not run in ring 3
#define FUZZ_FOUND_DENIED 3   // what must fault went through
#define FUZZ_FOUND_SCRATCH 4  // a hypercall gave a scratch register that is not 0
#define FUZZ_FOUND_PRESERVE 5 // a hypercall changed a register that it preserves
#define FUZZ_FOUND_UNCLEAN 6  // an upcall began with other flags than the ABI says
#define FUZZ_FOUND_ANSWER 7   // a hypercall gave an answer that it never gives
#define FUZZ_FOUND_MEMORY 8   // its memory was not empty when it began

// What may be behind the operation. Numbers that do not come about where operations write at random.
#define FUZZ_UNARMED 0              // anything, also a jump into the middle of the checks: nothing is found
#define FUZZ_MAY_RETURN 0x72657475  // anything
#define FUZZ_MUST_FAULT 0x6d666c74  // nothing
#define FUZZ_MUST_KEEP 0x6b656570   // a hypercall's result; expect_call() has set the registers
#define FUZZ_MUST_REFUSE 0x72656675 // the same, and an error

// The order is known to fuzz_engine.asm.
struct fuzz_launch {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags; // without TF, which would trap in the engine
    uint64_t rip;
    uint64_t guard; // FUZZ_MAY_RETURN ...
};

extern struct fuzz_launch fuzz_launch;
extern uint64_t fuzz_random; // state of the random numbers

#define FUZZ_SCRATCH_SIZE 4096u
extern uint8_t fuzz_scratch[FUZZ_SCRATCH_SIZE]; // the stack of operations that need one

// fuzz_code.asm. Tables of code addresses, each behind which fuzz_returned() follows.
extern const uint64_t fuzz_denied[], fuzz_denied_end[];
extern const uint64_t fuzz_free[], fuzz_free_end[];
extern const uint64_t fuzz_touch[], fuzz_touch_end[]; // at rdi
extern const uint64_t fuzz_store[], fuzz_store_end[]; // those of them that write
extern const uint64_t fuzz_flags[], fuzz_flags_end[]; // [rsp] holds the flags
extern const uint64_t fuzz_frame[], fuzz_frame_end[]; // rsp points to the frame
extern const uint64_t fuzz_trap[], fuzz_trap_end[];
extern const uint64_t fuzz_fpu[], fuzz_fpu_end[]; // rdi points to 512 bytes, aligned to 16
extern const uint64_t fuzz_call[], fuzz_call_end[];
extern const char fuzz_int[], fuzz_bytes[], fuzz_bytes_end[]; // int n, FUZZ_INT_SIZE each; random bytes
extern const char fuzz_returned[], fuzz_interrupt[], fuzz_exception[];
#define FUZZ_INT_SIZE 16u

_Noreturn void fuzz_go(void);
_Noreturn void fuzz_found_memory(void);

// The engine calls it; makes the next operation.
_Noreturn void fuzz_step(void);

// fuzz_value.c: any number, more often one at which something changes: an end of the window, a page of the ABI, the
// hypervisor, the largest signed number, the clock.
uint64_t fuzz_value(void);

// fuzz_ops.c: fills fuzz_launch.
extern bool fuzz_may_loop; // interrupts must be on
enum fuzz_kind fuzz_prepare(void);

static inline uint64_t fuzz_below(uint64_t limit)
{
    return random_next(&fuzz_random) % limit;
}

static inline bool fuzz_once_in(uint64_t times)
{
    return fuzz_below(times) == 0;
}
