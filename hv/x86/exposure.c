// SPDX-License-Identifier: BSD-2-Clause
// Judges a CPU by its vendor and by what it says about itself.
#include "x86/exposure.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"
#include "x86/msr.h"

static bool is_immune(const char *vendor)
{
    return memcmp(vendor, "AuthenticAMD", 12) == 0 || memcmp(vendor, "HygonGenuine", 12) == 0;
}

enum exposure exposure_of(const struct features *cpu, uint64_t arch_capabilities)
{
    if (is_immune(cpu->vendor))
        return EXPOSURE_NONE;
    if ((arch_capabilities & MSR_ARCH_CAPABILITIES_RDCL_NO) == 0)
        return EXPOSURE_MEMORY;
    return arch_capabilities & MSR_ARCH_CAPABILITIES_MDS_NO ? EXPOSURE_NONE : EXPOSURE_BUFFERS;
}
