// SPDX-License-Identifier: BSD-2-Clause
// Virtual interrupts: the entries, enabling without losing one, claiming.
#include "irq.h"

#include "hypercall.h"
#include "panic.h"

#include <lib/bits.h>

// Labels of upcall.asm.
extern const char upcall_interrupt[], upcall_exception[], upcall_window_start[], upcall_window_end[];

void irq_init(bool exceptions)
{
    uint64_t window = LULL_RETURN_WINDOW(upcall_window_start, upcall_window_end);
    uint64_t exception_entry = exceptions ? (uint64_t)upcall_exception : 0;
    int64_t error = hypercall_set_upcalls((uint64_t)upcall_interrupt, exception_entry, window);

    if (error != LULL_OK)
        panic("the hypervisor refuses the upcalls: error %ld", error);
}

// The bits that would make an upcall now.
static uint64_t deliverable(void)
{
    return pages_vcpu()->pending & ~pages_vcpu()->mask;
}

void irq_enable(void)
{
    __asm__ volatile("" : : : "memory"); // what came before must not be moved behind the store
    pages_vcpu()->irq_enabled = 1;

    // The order matters: an interrupt that arrives after the store makes its own upcall, one that came before is
    // seen here. The CPU may do the load before the store, but the hypervisor looks at both only at an instruction
    // boundary of this CPU, where it sees the store too.
    if (deliverable() != 0)
        hypercall_deliver();
}

bool irq_claim(unsigned int *irq)
{
    uint64_t ready = deliverable();

    if (ready == 0)
        return false;
    *irq = bits_lowest(ready);
    __atomic_fetch_and(&pages_vcpu()->pending, ~BIT(*irq), __ATOMIC_SEQ_CST);
    return true;
}
