// SPDX-License-Identifier: BSD-2-Clause
// CPU time of threads: the vCPU's running time, charged at switches.
#include "cpu_time.h"

#include "clock.h"
#include "hypercall.h"
#include "irq.h"
#include "pages.h"
#include "thread.h"

#include <lib/list.h>

bool cpu_time_counted;

static uint64_t charged_ns; // running time that threads have been charged for

uint64_t cpu_time_running_ns(void)
{
    const volatile struct lull_run_times *times = &pages_vcpu()->run_times;
    uint64_t version, running_ns;

    if (!cpu_time_counted)
        return 0;
    do { // the hypervisor updates the page only while this guest does not run
        version = times->version;
        running_ns = times->running_ns + (clock_now_ns() - times->since_ns);
    } while (version != times->version);
    return running_ns;
}

void cpu_time_charge(struct thread *running)
{
    uint64_t now_ns = cpu_time_running_ns();

    running->cpu_ns += now_ns - charged_ns;
    charged_ns = now_ns;
}

void cpu_time_start(void)
{
    bool enabled = irq_save();

    if (!cpu_time_counted) {
        hypercall_run_times();
        cpu_time_counted = true;
        cpu_time_charge(container_of(thread_list.next, struct thread, all));
    }
    irq_restore(enabled);
}

void cpu_time_update(void)
{
    bool enabled = irq_save();

    if (cpu_time_counted)
        cpu_time_charge(thread_current());
    irq_restore(enabled);
}
