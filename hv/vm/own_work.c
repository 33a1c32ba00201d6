// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor's own work. The model is in own_work.h.
#include "vm/own_work.h"

#include <stddef.h>

#include "vm/run_queue.h"
#include "x86/cpu.h"
#include "x86/tsc.h"

void own_work_begin(void)
{
    struct run_queue *queue = cpu_this()->run_queue;

    if (queue->current != NULL)
        run_queue_charge(queue, queue->current, tsc_read());
}

void own_work_end(void)
{
    struct vcpu *current = cpu_this()->run_queue->current;

    if (current != NULL)
        current->charged_tsc = tsc_read();
}
