// SPDX-License-Identifier: BSD-2-Clause
// The ABI's numbers for NASM: compiled to assembly text, from which the Makefile takes every "->NAME value"
// into build/guest_offsets.inc, so that no offset is counted by hand. Never linked.
#include <stddef.h>

#include <abi/lull.h>

#define CONSTANT(name, value) __asm__ volatile("\n.ascii \"->" #name " %c0\"" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
    CONSTANT(VCPU_IRQ_ENABLED, LULL_VCPU_PAGE + offsetof(struct lull_vcpu_page, irq_enabled));
    CONSTANT(VCPU_PENDING, LULL_VCPU_PAGE + offsetof(struct lull_vcpu_page, pending));

    CONSTANT(FRAME_RFLAGS, offsetof(struct lull_upcall_frame, rflags));
    CONSTANT(EXCEPTION_FRAME, offsetof(struct lull_exception_frame, frame));
    CONSTANT(RFLAGS_IF, LULL_RFLAGS_IF);
    CONSTANT(RFLAGS_TF, 1 << 8); // single step, Intel SDM vol. 1, 3.4.3
    CONSTANT(RED_ZONE, LULL_RED_ZONE);

    CONSTANT(ABI_VERSION, LULL_ABI_VERSION);
    CONSTANT(NOTE_ABI, LULL_NOTE_ABI);

    CONSTANT(HCALL_VECTOR, LULL_HCALL_VECTOR);
    CONSTANT(HCALL_HALT, HCALL_HALT);
    CONSTANT(HCALL_DELIVER, HCALL_DELIVER);
    CONSTANT(HCALL_UPCALL_RETURN, HCALL_UPCALL_RETURN);
}
