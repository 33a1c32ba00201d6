// SPDX-License-Identifier: BSD-2-Clause
// Upcalls: how interrupts and exceptions reach a guest.
//
// An upcall pushes a frame on the guest's own stack and continues at the guest's handler; the guest comes back by an
// popfq and ret of its own, which need no hypervisor. The hard moment is the end of a handler: virtual
// interrupts are on again, the frame is still on the stack. A new interrupt there would push a second frame, and
// a storm would grow the stack for ever. So the guest names those few instructions (the return window), in which all
// registers but rip and rsp are those of the interrupted code and rsp points to the frame; an interrupt that
// finds rip in the window (abi/lull.h, LULL_RETURN_WINDOW) takes the frame that lies there as its own. Handlers then
// follow each other without a return in between, and the stack stays where it is.
//
//   guest code ... | handler 1 ... irq_enabled = 1 | window: interrupt 2 | handler 2 ... | popfq, ret -> guest code
//                    frame F at rsp                  no push: F again                      takes F
//
// Context of everything here: the vCPU's guest is loaded, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/lull.h"
#include "vm/vcpu.h"

// Interrupts that are pending, not masked, and so would be delivered if they were enabled. The guest writes both words
// at any time, so each is read once.
static inline uint64_t upcall_due(const struct vcpu *vcpu)
{
    const volatile struct lull_vcpu_page *page = vcpu->page;

    return page->pending & ~page->mask;
}

// Deliver these interrupts, which are due, if virtual interrupts are enabled. For upcall_deliver().
bool upcall_deliver_due(struct vcpu *vcpu, uint64_t due);

// Deliver what is due, if virtual interrupts are enabled. False: the guest's stack cannot take the frame.
static inline bool upcall_deliver(struct vcpu *vcpu)
{
    uint64_t due = upcall_due(vcpu);

    return due == 0 || upcall_deliver_due(vcpu, due);
}

// Kill the guest because its stack cannot take a frame ("bad-stack").
void upcall_refuse(struct vcpu *vcpu);

// Hand the exception in the vCPU's frame (vector, error) to the guest's handler, or kill the guest if it has none.
void upcall_exception(struct vcpu *vcpu, uint64_t fault_address);

// HCALL_UPCALL_RETURN: leave an upcall as the guest's own return path would, from a point at which rax is on the stack.
void upcall_return(struct vcpu *vcpu);
