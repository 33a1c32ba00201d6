// SPDX-License-Identifier: BSD-2-Clause
// The hypercall table. entry.asm calls the fast ones directly; trap.c hands on the rest.
#pragma once

#include <stdint.h>

struct vcpu;

// A fast hypercall: arguments as the guest gave them, its vCPU fourth, the result for rax. It runs with the guest's
// address space, interrupts off, and must not change rip, rsp or rflags. One after which the guest cannot simply go on
// sets cpu_this()->leave.
extern int64_t (*const hypercall_table[])(uint64_t a0, uint64_t a1, uint64_t a2, struct vcpu *vcpu);
extern const uint64_t hypercall_fast_count; // numbers below this are in the table

// The calls beyond the table: HCALL_UPCALL_RETURN, and numbers that do not exist (LULL_ENOSYS).
void hypercall_slow(struct vcpu *vcpu);
