// SPDX-License-Identifier: BSD-2-Clause
// Reading the run times: the hypervisor writes them only while the guest does not run.
#include "run_times.h"

#include "pages.h"

void run_times_read(struct lull_run_times *out)
{
    const volatile struct lull_run_times *page = &pages_vcpu()->run_times;

    do {
        out->version = page->version;
        out->since_ns = page->since_ns;
        out->elapsed_ns = page->elapsed_ns;
        out->running_ns = page->running_ns;
        out->runnable_ns = page->runnable_ns;
        out->blocked_ns = page->blocked_ns;
        out->paused_ns = page->paused_ns;
    } while (out->version != page->version);
}
