// SPDX-License-Identifier: BSD-2-Clause
// The measuring kernel as a paravirtual guest of Xen: what its files share.
//
// It is dom0, the domain that Xen itself starts, on one CPU. The benchmark is that of Lull's guest, guest/apps/micro*.c and
// what they use, unchanged; hypercall.h and pages.h of this folder stand in place of Lull's, and entry.asm in place of
// micro_entry.asm. The second guest of the doorbell test is a second vCPU of this domain with page tables and data of its own.
#pragma once

#include <stdint.h>

#include "xen_abi.h"

#define XEN_PAGE 4096ull

// Xen's page of this domain, and this vCPU's part of it.
extern struct xen_shared_info xen_shared;
extern struct xen_vcpu_info *xen_vcpu;

// All event channels of the other vCPU: what an interrupt leaves pending.
extern uint64_t xen_other_events;

// 0, or 1 in the second vCPU.
extern uint64_t xen_vcpu_number;

// The event channel that each vCPU's doorbell is.
extern uint32_t xen_doorbell_port[2];

// ---- entry.asm ---------------------------------------------------------------------------------------------------------

// The first instruction of the second vCPU, and the top of each vCPU's stack.
extern const char entry_second[], entry_stack_top[];

// The exception entry that goes back by a hypercall, as the kernels of today do.
extern const char entry_exception_iret[];

_Noreturn void xen_main(const struct xen_start_info *info, uint64_t stack_top);
_Noreturn void xen_main_second(void);

// ---- xen_second.c ------------------------------------------------------------------------------------------------------

// Makes the second vCPU: a copy of this one's data, with arguments of its own. `spare` is the first of the free pages behind
// everything that Xen has loaded.
void xen_second_prepare(const struct xen_start_info *info, uint64_t spare);

// Starts it, when first called: it exists for the last measurement only.
void xen_second_start(void);
