// SPDX-License-Identifier: BSD-2-Clause
// The structure offsets and constants that the assembly sources use. Compiled to text only, never linked.
#include "x86/asm_offsets.h"

#include "x86/ap.h"
#include "x86/cpu.h"
#include "x86/descriptors.h"
#include "x86/entry.h"
#include "x86/msr.h"
#include "x86/stacks.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

void asm_offsets(void);

void asm_offsets(void)
{
    OFFSET(CPU_GUEST, struct cpu, guest);
    OFFSET(CPU_STACK, struct cpu, stack);
    OFFSET(CPU_SCRATCH, struct cpu, scratch);
    OFFSET(CPU_LEAVE, struct cpu, leave);
    OFFSET(CPU_SHARE_STAMP, struct cpu, share_stamp_tsc);
    OFFSET(CPU_SHARE_HYPERVISOR_TSC, struct cpu, share_tsc[CPU_SHARE_HYPERVISOR]);
    OFFSET(CPU_SHARE_GUEST_TSC, struct cpu, share_tsc[CPU_SHARE_GUEST]);
    OFFSET(CPU_VCPU, struct cpu, vcpu);
    OFFSET(CPU_SHARE, struct cpu, share);
    OFFSET(CPU_CROSSINGS, struct cpu, counters.crossings);
    CONSTANT(CPU_SHARE_HYPERVISOR, CPU_SHARE_HYPERVISOR);

    OFFSET(CONTEXT_HYPERCALLS, struct entry_context, hypercalls);

    OFFSET(FRAME_R15, struct trap_frame, r15);
    OFFSET(FRAME_R14, struct trap_frame, r14);
    OFFSET(FRAME_R13, struct trap_frame, r13);
    OFFSET(FRAME_R12, struct trap_frame, r12);
    OFFSET(FRAME_R11, struct trap_frame, r11);
    OFFSET(FRAME_R10, struct trap_frame, r10);
    OFFSET(FRAME_R9, struct trap_frame, r9);
    OFFSET(FRAME_R8, struct trap_frame, r8);
    OFFSET(FRAME_RBP, struct trap_frame, rbp);
    OFFSET(FRAME_RDI, struct trap_frame, rdi);
    OFFSET(FRAME_RSI, struct trap_frame, rsi);
    OFFSET(FRAME_RDX, struct trap_frame, rdx);
    OFFSET(FRAME_RCX, struct trap_frame, rcx);
    OFFSET(FRAME_RBX, struct trap_frame, rbx);
    OFFSET(FRAME_RAX, struct trap_frame, rax);
    OFFSET(FRAME_VECTOR, struct trap_frame, vector);
    OFFSET(FRAME_ERROR, struct trap_frame, error);
    OFFSET(FRAME_RIP, struct trap_frame, rip);
    OFFSET(FRAME_RFLAGS, struct trap_frame, rflags);
    OFFSET(FRAME_RSP, struct trap_frame, rsp);
    CONSTANT(FRAME_SIZE, sizeof(struct trap_frame));

    OFFSET(AP_WORDS_LONG_OFFSET, struct ap_words, long_offset);
    OFFSET(AP_WORDS_GDT_LIMIT, struct ap_words, gdt_limit);
    OFFSET(AP_WORDS_BOOT_ROOT, struct ap_words, boot_root);
    OFFSET(AP_WORDS_EFER, struct ap_words, efer);
    OFFSET(AP_WORDS_ROOT, struct ap_words, root);
    OFFSET(AP_WORDS_CPU, struct ap_words, cpu);
    OFFSET(AP_WORDS_STACK, struct ap_words, stack);
    OFFSET(AP_WORDS_ENTRY, struct ap_words, entry);
    CONSTANT(AP_WORDS_SIZE, sizeof(struct ap_words));

    CONSTANT(VECTOR_DB, VECTOR_DB);
    CONSTANT(VECTOR_NMI, VECTOR_NMI);
    CONSTANT(VECTOR_DF, VECTOR_DF);
    CONSTANT(VECTOR_GP, VECTOR_GP);
    CONSTANT(VECTOR_MC, VECTOR_MC);
    CONSTANT(VECTOR_ERROR_CODE_MASK, VECTOR_ERROR_CODE_MASK);
    CONSTANT(VECTOR_EXCEPTIONS, VECTOR_EXCEPTIONS);
    CONSTANT(VECTOR_UART, VECTOR_UART);
    CONSTANT(VECTOR_KICK, VECTOR_KICK);
    CONSTANT(VECTOR_HYPERCALL, VECTOR_HYPERCALL);
    CONSTANT(VECTOR_NONE, VECTOR_NONE);
    CONSTANT(VECTOR_COUNT, VECTOR_COUNT);

    CONSTANT(SELECTOR_GUEST_DATA, SELECTOR_GUEST_DATA);
    CONSTANT(SELECTOR_GUEST_CODE, SELECTOR_GUEST_CODE);
    CONSTANT(STACKS_MAIN_END, sizeof(struct stacks_main));
    CONSTANT(STACKS_ADDRESS_BIT, STACKS_ADDRESS_BIT);
    CONSTANT(MSR_GS_BASE, MSR_GS_BASE);
}
