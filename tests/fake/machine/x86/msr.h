// SPDX-License-Identifier: BSD-2-Clause
// The registers of hv/x86/msr.h with the accesses of the fake machine.
#pragma once

#include "machine.h"

#define msr_read msr_read_instruction
#define msr_write msr_write_instruction
#include_next "x86/msr.h"
#undef msr_read
#undef msr_write

static inline uint64_t msr_read(uint32_t msr)
{
    return machine_msr_read(msr);
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    machine_msr_write(msr, value);
}
