// SPDX-License-Identifier: BSD-2-Clause
// Reads CPUID once.
#include "x86/features.h"

#include "lib/string.h"
#include "x86/msr.h"

// clang-format off
#define LEAF_VENDOR 0x0u
#define LEAF_MODEL 0x1u
#define   MODEL_ECX_X2APIC (1u << 21)
#define   MODEL_ECX_TSC_DEADLINE (1u << 24)
#define   MODEL_ECX_HYPERVISOR (1u << 31)
#define   MODEL_EDX_APIC (1u << 9)
#define   MODEL_EDX_PGE (1u << 13)
#define   MODEL_EDX_PAT (1u << 16)
#define   MODEL_EDX_FXSR (1u << 24)
#define LEAF_POWER 0x6u
#define   POWER_EAX_ARAT (1u << 2)
#define LEAF_EXTENDED_FEATURES 0x7u
#define   FEATURES_EBX_SMEP (1u << 7)
#define   FEATURES_EBX_SMAP (1u << 20)
#define   FEATURES_ECX_UMIP (1u << 2)
#define   FEATURES_EDX_IBPB (1u << 26)
#define   FEATURES_EDX_ARCH_CAPABILITIES (1u << 29)
#define LEAF_TSC 0x15u
#define LEAF_FREQUENCY 0x16u
#define   FREQUENCY_EAX_BASE_MHZ 0xffffu
#define LEAF_MAX_EXTENDED 0x80000000u
#define LEAF_AMD_MODEL 0x80000001u
#define   AMD_EDX_NX (1u << 20)
#define LEAF_BRAND 0x80000002u // .. 0x80000004
#define LEAF_AMD_POWER 0x80000007u
#define   AMD_POWER_EDX_INVARIANT_TSC (1u << 8)
#define LEAF_AMD_SIZES 0x80000008u
#define   AMD_SIZES_EBX_ERROR_POINTERS (1u << 2) // RstrFpErrPtrs
#define   AMD_SIZES_EBX_IBPB (1u << 12)
// clang-format on

struct features features;

// Family, model and stepping as the manuals combine them (CPUID, figure "Version Information").
static void read_model(uint32_t eax)
{
    uint32_t family = eax >> 8 & 0xf, model = eax >> 4 & 0xf;

    features.stepping = eax & 0xf;
    if (family == 0x6 || family == 0xf)
        model += (eax >> 16 & 0xf) << 4;
    if (family == 0xf)
        family += eax >> 20 & 0xff;
    features.family = family;
    features.model = model;
}

static void read_basic(void)
{
    struct features_cpuid r = features_cpuid(LEAF_VENDOR, 0);
    uint32_t max_leaf = r.eax;

    memcpy(features.vendor, &r.ebx, 4);
    memcpy(features.vendor + 4, &r.edx, 4);
    memcpy(features.vendor + 8, &r.ecx, 4);

    r = features_cpuid(LEAF_MODEL, 0);
    read_model(r.eax);
    features.x2apic = r.ecx & MODEL_ECX_X2APIC;
    features.tsc_deadline = r.ecx & MODEL_ECX_TSC_DEADLINE;
    features.hypervisor = r.ecx & MODEL_ECX_HYPERVISOR;
    features.apic = r.edx & MODEL_EDX_APIC;
    features.pge = r.edx & MODEL_EDX_PGE;
    features.pat = r.edx & MODEL_EDX_PAT;
    features.fxsr = r.edx & MODEL_EDX_FXSR;
    if (max_leaf >= LEAF_POWER)
        features.arat = features_cpuid(LEAF_POWER, 0).eax & POWER_EAX_ARAT;
    if (max_leaf >= LEAF_EXTENDED_FEATURES) {
        r = features_cpuid(LEAF_EXTENDED_FEATURES, 0);
        features.smep = r.ebx & FEATURES_EBX_SMEP;
        features.smap = r.ebx & FEATURES_EBX_SMAP;
        features.umip = r.ecx & FEATURES_ECX_UMIP;
        features.ibpb = r.edx & FEATURES_EDX_IBPB;
        features.arch_capabilities = r.edx & FEATURES_EDX_ARCH_CAPABILITIES;
    }
    if (max_leaf >= LEAF_TSC) {
        r = features_cpuid(LEAF_TSC, 0);
        features.tsc_denominator = r.eax;
        features.tsc_numerator = r.ebx;
        features.crystal_hz = r.ecx;
    }
    if (max_leaf >= LEAF_FREQUENCY)
        features.base_mhz = features_cpuid(LEAF_FREQUENCY, 0).eax & FREQUENCY_EAX_BASE_MHZ;
}

static bool is_amd(void)
{
    return memcmp(features.vendor, "AuthenticAMD", 12) == 0 ||
           memcmp(features.vendor, "HygonGenuine", 12) == 0;
}

static void read_extended(void)
{
    uint32_t max_leaf = features_cpuid(LEAF_MAX_EXTENDED, 0).eax, sizes = 0;

    if (max_leaf >= LEAF_AMD_MODEL) {
        struct features_cpuid r = features_cpuid(LEAF_AMD_MODEL, 0);
        features.nx = r.edx & AMD_EDX_NX;
    }
    if (max_leaf >= LEAF_BRAND + 2) {
        for (uint32_t i = 0; i < 3; i++) {
            struct features_cpuid r = features_cpuid(LEAF_BRAND + i, 0);
            memcpy(features.brand + 16 * i, &r, sizeof(r));
        }
    }
    if (max_leaf >= LEAF_AMD_POWER)
        features.tsc_invariant = features_cpuid(LEAF_AMD_POWER, 0).edx & AMD_POWER_EDX_INVARIANT_TSC;
    if (max_leaf >= LEAF_AMD_SIZES)
        sizes = features_cpuid(LEAF_AMD_SIZES, 0).ebx;
    features.ibpb |= (sizes & AMD_SIZES_EBX_IBPB) != 0;
    features.fxrstor_keeps_pointers = is_amd() && !(sizes & AMD_SIZES_EBX_ERROR_POINTERS);
}

uint32_t features_microcode_revision(void)
{
    uint64_t value = 0;

    // Bochs does not take the write.
    if (!msr_try_write(MSR_MICROCODE_REVISION, 0))
        return 0;
    features_cpuid(LEAF_MODEL, 0);
    return msr_try_read(MSR_MICROCODE_REVISION, &value) ? (uint32_t)(value >> 32) : 0;
}

void features_init(void)
{
    read_basic();
    read_extended();
}
