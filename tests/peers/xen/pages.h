// SPDX-License-Identifier: BSD-2-Clause
// Stands in place of guest/pages.h: the pages that the benchmark knows, made of what Xen shares with its guest.
#pragma once

#include <abi/lull.h>

// The words that the benchmark and hypercall.h leave there. Xen knows nothing of them.
extern volatile struct lull_vcpu_page pages_of_vcpu;

static inline volatile struct lull_vcpu_page *pages_vcpu(void)
{
    return &pages_of_vcpu;
}

// The scale that Xen publishes at this moment, in Lull's form. The next call writes over it.
const volatile struct lull_time_page *pages_time(void);

const struct lull_start_page *pages_start(void);

// Fills it with these arguments.
void pages_make_start(const char *args);
