// SPDX-License-Identifier: BSD-2-Clause
// What this CPU can do, read once from CPUID. Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct features {
    char vendor[13];
    char brand[49];
    uint32_t family, model, stepping;
    bool nx, smep, smap, umip, ibpb, pge, pat;
    bool tsc_invariant, arat, tsc_deadline, apic, x2apic;
    bool fxsr;
    bool arch_capabilities;      // it has MSR_ARCH_CAPABILITIES
    bool fxrstor_keeps_pointers; // see fpu_forget()
    // CPUID 15h and 16h, each 0 where the CPU does not say:
    uint32_t tsc_denominator, tsc_numerator; // TSC rate = crystal_hz * numerator / denominator
    uint32_t crystal_hz, base_mhz;
    bool hypervisor; // this machine is virtual
};

extern struct features features;

struct features_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct features_cpuid features_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct features_cpuid r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

// The revision of the microcode that runs now, 0 where the CPU does not tell; Intel CPUs only. Intel SDM vol. 3A,
// 9.11.7.1. Context: after cpu_init().
uint32_t features_microcode_revision(void);

// Fill in `features`. Called once at boot, before anything that asks.
void features_init(void);
