// SPDX-License-Identifier: BSD-2-Clause
// Mail between CPUs. The model is in mail.h.
#include "vm/mail.h"

#include <stddef.h>
#include <stdint.h>

#include "vm/share.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/lapic.h"
#include "x86/vectors.h"

bool mail_claim(struct vcpu *vcpu)
{
    return __atomic_exchange_n(&vcpu->mailed, 1, __ATOMIC_SEQ_CST) == 0;
}

void mail_send(struct vcpu *vcpu)
{
    struct cpu *owner = vcpu->cpu;
    struct vcpu *head = __atomic_load_n(&owner->mail, __ATOMIC_RELAXED);

    do {
        vcpu->next_mail = head;
    } while (
        !__atomic_compare_exchange_n(&owner->mail, &head, vcpu, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (head == NULL) // else an interrupt is on its way, or being served
        mail_kick(owner);
}

// In the order in which it was sent.
static struct vcpu *reverse(struct vcpu *last)
{
    struct vcpu *first = NULL;

    while (last != NULL) {
        struct vcpu *next = last->next_mail;
        last->next_mail = first;
        first = last;
        last = next;
    }
    return first;
}

static void deliver(struct vcpu *vcpu)
{
    bool arriving = vcpu->arriving;

    vcpu->arriving = false;
    __atomic_exchange_n(&vcpu->mailed, 0, __ATOMIC_SEQ_CST); // before the look at what is pending
    if (arriving)
        share_adopt(vcpu);
    else if (vcpu->state == VCPU_BLOCKED)
        vcpu_wake_if_due(vcpu);
}

void mail_take(void)
{
    struct vcpu *vcpu = reverse(__atomic_exchange_n(&cpu_this()->mail, NULL, __ATOMIC_SEQ_CST));

    while (vcpu != NULL) {
        struct vcpu *next = vcpu->next_mail; // it may be sent again as soon as it is delivered
        deliver(vcpu);
        vcpu = next;
    }
}

void mail_kick(const struct cpu *cpu)
{
    lapic_send(cpu->apic_id, VECTOR_KICK);
}
