// SPDX-License-Identifier: BSD-2-Clause
// Marks in QEMU's own log of interrupts, and silence between them.
#include "idle_run.h"

#include "apps/micro.h"
#include "clock.h"
#include "hypercall.h"
#include "panic.h"

static void mark(void)
{
    __asm__ volatile("int3; int3" : : : "memory");
}

void idle_run(uint64_t duration_ns)
{
    if (hypercall_set_upcalls((uint64_t)micro_interrupt, (uint64_t)micro_exception, 0) != 0)
        panic("the hypervisor refuses the upcalls");
    mark();
    hypercall_block(clock_now_ns() + duration_ns, 0);
    mark();
}
