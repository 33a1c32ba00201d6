// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/tsc.h in host tests: the fake machine's time stamp counter.
#pragma once

#include <stdint.h>

#include "machine.h"

static inline uint64_t tsc_read(void)
{
    return machine_tsc();
}
