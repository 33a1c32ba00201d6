// SPDX-License-Identifier: BSD-2-Clause
// What this CPU lets a guest learn by speculation of memory that it may not read.
//
// The hypervisor, with all memory in its direct map, stays mapped while ring 3 runs. A CPU that forwards to speculated
// instructions what a page's rights deny (Meltdown; L1TF comes with it), or what lies in its buffers (MDS), lets a
// guest read it. Lull does nothing against that but say so: hv/README.md, threat model.
#pragma once

#include "x86/features.h"

enum exposure {
    EXPOSURE_NONE,    // of these; hv/README.md names others
    EXPOSURE_BUFFERS, // MDS: what went through the CPU's buffers lately
    EXPOSURE_MEMORY,  // Meltdown: all that is mapped
};

// The worst that a CPU with these features, and this value of IA32_ARCH_CAPABILITIES (0 where it has none), does not
// rule out. Intel SDM vol. 4, table 2-2; AMD's CPUs have neither flaw.
enum exposure exposure_of(const struct features *cpu, uint64_t arch_capabilities);
