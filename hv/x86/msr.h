// SPDX-License-Identifier: BSD-2-Clause
// Model-specific registers that Lull uses. Intel SDM vol. 4; AMD APM vol. 2, appendix A.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/recovery.h"

// clang-format off
#define MSR_APIC_BASE 0x01bu
#define   MSR_APIC_BASE_BSP (1ull << 8)
#define   MSR_APIC_BASE_X2APIC (1ull << 10)
#define   MSR_APIC_BASE_ENABLE (1ull << 11)
#define   MSR_APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define MSR_MICROCODE_REVISION 0x08bu // in bits 63:32, after a write of 0 and a CPUID
#define MSR_ARCH_CAPABILITIES 0x10au // of which flaws the CPU is free
#define   MSR_ARCH_CAPABILITIES_RDCL_NO (1ull << 0)
#define   MSR_ARCH_CAPABILITIES_MDS_NO (1ull << 5)
#define MSR_PAT 0x277u // a memory type for each combination of the bits PAT, PCD and PWT of a page
#define   MSR_PAT_VALUE 0x0007040600070106ull // as after reset, but for PWT alone: write-combining
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC 0x800u // .. 0x8ff, the local APIC's registers in x2APIC mode
#define MSR_PRED_CMD 0x049u
#define   MSR_PRED_CMD_IBPB (1ull << 0)
#define MSR_EFER 0xc0000080u
#define   MSR_EFER_SCE (1ull << 0)
#define   MSR_EFER_LME (1ull << 8)
#define   MSR_EFER_NXE (1ull << 11)
#define MSR_STAR 0xc0000081u  // selectors of syscall (47:32) and sysret (63:48)
#define MSR_LSTAR 0xc0000082u // entry point of syscall
#define MSR_SFMASK 0xc0000084u // rflags bits that syscall clears
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
// clang-format on

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

// For registers that a CPU may not have, or not all of: false where the access faults. Not before the trap gates are
// set up.
static inline bool msr_try_read(uint32_t msr, uint64_t *value)
{
    uint32_t low, high;
    asm goto("1: rdmsr\n\t" RECOVERY("1b", "%l[fault]")
             : "=a"(low), "=d"(high)
             : "c"(msr)
             : "memory"
             : fault);
    *value = (uint64_t)high << 32 | low;
    return true;
fault:
    return false;
}

static inline bool msr_try_write(uint32_t msr, uint64_t value)
{
    asm goto("1: wrmsr\n\t" RECOVERY("1b", "%l[fault]")
             :
             : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
             : "memory"
             : fault);
    return true;
fault:
    return false;
}
