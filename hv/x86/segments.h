// SPDX-License-Identifier: BSD-2-Clause
// Segment registers that a guest can load by itself.
#pragma once

#include "x86/descriptors.h"

// Forget what the last guest loaded into DS, ES, FS and GS: selectors and hidden bases. Context: hypervisor GS base
// loaded, interrupts off. Loading GS clears the active base, so the guest's is made the active one meanwhile.
static inline void segments_reset(void)
{
    asm volatile("swapgs\n\t"
                 "mov %0, %%ds\n\t"
                 "mov %0, %%es\n\t"
                 "mov %0, %%fs\n\t"
                 "mov %0, %%gs\n\t"
                 "swapgs"
                 :
                 : "r"(SELECTOR_GUEST_DATA)
                 : "memory");
}
