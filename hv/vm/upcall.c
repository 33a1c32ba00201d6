// SPDX-License-Identifier: BSD-2-Clause
// Delivers interrupts and exceptions to guests. The model is in upcall.h.
#include "vm/upcall.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "vm/delivery.h"
#include "vm/guest.h"
#include "vm/guest_memory.h"
#include "vm/guest_report.h"
#include "vm/vcpu.h"
#include "x86/control.h"
#include "x86/vectors.h"

// The flags that a guest may set by itself anyway. IF is always on in ring 3, its virtual twin is irq_enabled.
#define GUEST_RFLAGS                                                                                 \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_DF | RFLAGS_OF | \
     RFLAGS_NT | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID)

// The page is written by the guest at any time: read each word once.
static uint32_t irq_enabled(const struct vcpu *vcpu)
{
    return *(const volatile uint32_t *)&vcpu->page->irq_enabled;
}

// Push `count` words with the last one highest and go on at `entry`, with clean flags.
static inline bool push_and_go(struct vcpu *vcpu, const uint64_t *words, unsigned count, uint64_t entry)
{
    struct trap_frame *frame = &vcpu->entry.frame;
    uint64_t bottom =
        frame->rsp - LULL_RED_ZONE - count * sizeof(uint64_t); // a wrapped one is not in the window

    if (!guest_memory_write_words(bottom, words, count))
        return false;
    frame->rsp = bottom;
    frame->rip = entry;
    frame->rflags = RFLAGS_FIXED | RFLAGS_IF;
    return true;
}

// The rflags word of a frame: the guest's own flags with the virtual interrupt flag.
static uint64_t pushed_rflags(const struct vcpu *vcpu)
{
    return (vcpu->entry.frame.rflags & ~RFLAGS_IF) | (irq_enabled(vcpu) ? LULL_RFLAGS_IF : 0);
}

// If the guest is in its return window, the frame it is about to leave through can be used again: make rsp point to it.
static bool reuse_frame(const struct vcpu *vcpu, struct trap_frame *frame)
{
    if (vcpu->window_end == 0 || frame->rip < vcpu->window_start || frame->rip > vcpu->window_end)
        return false;
    if (frame->rip ==
        vcpu->window_end) // at the ret: popfq has stepped over the rflags, which are still there
        frame->rsp -= sizeof(uint64_t);
    return true;
}

void upcall_refuse(struct vcpu *vcpu)
{
    guest_kill(vcpu->guest, "bad-stack", "no upcall frame fits below rsp 0x%llx",
               (unsigned long long)vcpu->entry.frame.rsp);
}

// Make the guest go on at its handler.
static inline bool enter_handler(struct vcpu *vcpu)
{
    struct trap_frame *frame = &vcpu->entry.frame;

    if (reuse_frame(vcpu, frame)) {
        frame->rip = vcpu->interrupt_entry;
        frame->rflags = RFLAGS_FIXED | RFLAGS_IF;
    } else {
        // IF is on in ring 3, and so is its virtual twin here.
        uint64_t words[] = { frame->rflags, frame->rip };
        _Static_assert(sizeof(words) == sizeof(struct lull_upcall_frame), "ABI");
        if (!push_and_go(vcpu, words, 2, vcpu->interrupt_entry))
            return false;
    }
    vcpu->page->irq_enabled = 0;
    return true;
}

bool upcall_deliver_due(struct vcpu *vcpu, uint64_t due)
{
    if (!irq_enabled(vcpu)) {
        delivery_held(vcpu);
        return true;
    }
    // Without a handler it only ever waits, and looks at the pending bits itself.
    if (vcpu->interrupt_entry != 0 && !enter_handler(vcpu))
        return false;
    if ((due & BIT(LULL_IRQ_DOORBELL)) && vcpu->rung) {
        vcpu->rung = false;
        vcpu->stats.doorbell_upcalls++;
    }
    if (due & BIT(LULL_IRQ_TIMER))
        return delivery_made(vcpu);
    return true;
}

void upcall_exception(struct vcpu *vcpu, uint64_t fault_address)
{
    struct trap_frame *frame = &vcpu->entry.frame;
    uint64_t words[] = { frame->vector, frame->error, pushed_rflags(vcpu), frame->rip };
    _Static_assert(sizeof(words) == sizeof(struct lull_exception_frame), "ABI");

    if (vcpu->exception_entry == 0) {
        guest_report_exception(vcpu->guest, fault_address);
        return;
    }
    vcpu->stats.exceptions++;
    if (frame->vector == VECTOR_PF)
        vcpu->page->fault_address = fault_address;
    if (push_and_go(vcpu, words, 4, vcpu->exception_entry))
        vcpu->page->irq_enabled = 0;
    else
        upcall_refuse(vcpu);
}

void upcall_return(struct vcpu *vcpu)
{
    struct trap_frame *frame = &vcpu->entry.frame;
    struct {
        uint64_t rax;
        struct lull_upcall_frame upcall;
    } stack;

    if (!guest_memory_read(&stack, frame->rsp, sizeof(stack)) ||
        !guest_memory_in_window(stack.upcall.rip, 1)) {
        guest_kill(vcpu->guest, "bad-upcall", "HCALL_UPCALL_RETURN found no frame at rsp 0x%llx",
                   (unsigned long long)frame->rsp);
        return;
    }
    frame->rax = stack.rax;
    frame->rsp += sizeof(stack.rax);
    vcpu->page->irq_enabled = (stack.upcall.rflags & LULL_RFLAGS_IF) != 0;
    if (irq_enabled(vcpu) && upcall_due(vcpu) != 0 && vcpu->window_end != 0 && vcpu->interrupt_entry != 0) {
        frame->rip = vcpu->window_start; // upcall_deliver() takes the frame over, as in the window
        return;
    }
    frame->rip = stack.upcall.rip;
    frame->rsp += sizeof(stack.upcall) + LULL_RED_ZONE;
    frame->rflags = (stack.upcall.rflags & GUEST_RFLAGS) | RFLAGS_FIXED | RFLAGS_IF;
}
