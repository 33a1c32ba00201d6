// SPDX-License-Identifier: BSD-2-Clause
// Traps: what entry.asm calls.
#pragma once

#include <stdbool.h>

struct trap_frame;

// For entry.asm: a trap from ring 3, all registers saved in the vCPU's frame. True: the guest goes on.
// False: the run loop must decide. Context: this CPU's stack, the guest loaded, interrupts off.
struct vcpu;
bool trap_from_guest(struct vcpu *vcpu);

// For entry.asm: an exception in the hypervisor. Returns to the recovery of an access to guest memory.
void trap_in_hypervisor(struct trap_frame *frame);

// For entry.asm: NMI, double fault, machine check, from wherever; and a fault of the instruction that enters a guest.
_Noreturn void trap_fatal(struct trap_frame *frame);
