// SPDX-License-Identifier: BSD-2-Clause
// Start of the local APIC, and interrupts to oneself and to others. Intel SDM vol. 3A, 10.4 to 10.6.

#include "x86/lapic.h"

#include "x86/features.h"
#include "x86/paging.h"
#include "x86/vectors.h"

// Index of an LVT entry in the version register's count.
#define LVT_PERFORMANCE 4u
#define LVT_THERMAL 5u

#define ID_LAST 254u // an I/O APIC addresses 8 bits, and 255 is everybody

// An interrupt command is accepted within a few bus cycles; this bounds the wait for one that is not.
#define ICR_READS_MAX 1000u

volatile void *lapic_base;

// x2APIC mode, switched on. Out of "off" the way leads through xAPIC mode, 10.12.5.
static bool enable_x2apic(uint64_t base)
{
    if ((base & MSR_APIC_BASE_ENABLE) == 0)
        msr_write(MSR_APIC_BASE, base | MSR_APIC_BASE_ENABLE);
    msr_write(MSR_APIC_BASE, base | MSR_APIC_BASE_ENABLE | MSR_APIC_BASE_X2APIC);
    base = msr_read(MSR_APIC_BASE);
    return (base & MSR_APIC_BASE_ENABLE) != 0 && (base & MSR_APIC_BASE_X2APIC) != 0;
}

static bool enable_xapic(uint64_t base)
{
    msr_write(MSR_APIC_BASE, base | MSR_APIC_BASE_ENABLE);
    base = msr_read(MSR_APIC_BASE);
    if ((base & MSR_APIC_BASE_ENABLE) == 0)
        return false;
    if (lapic_base == NULL)
        lapic_base = paging_map(base & MSR_APIC_BASE_ADDRESS, LAPIC_SIZE, PAGING_UNCACHED);
    return true;
}

// Null, or what is wrong.
static const char *enable(void)
{
    if (!features.apic)
        return "is not there or switched off by the firmware";
    uint64_t base = msr_read(MSR_APIC_BASE);
    if (features.x2apic) {
        if (!enable_x2apic(base))
            return "cannot be brought into x2APIC mode";
        return lapic_read(LAPIC_ID) <= ID_LAST ? NULL : "has an id above 254, which no I/O APIC can address";
    }
    return enable_xapic(base) ? NULL : "cannot be switched on";
}

const char *lapic_init(void)
{
    const char *trouble = enable();
    if (trouble != NULL)
        return trouble;
    uint32_t last = LAPIC_VERSION_LAST_LVT(lapic_read(LAPIC_VERSION));
    // While the APIC is off in software, LVT writes keep the entries masked, so it is switched on first.
    lapic_write(LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_LAPIC_SPURIOUS);
    lapic_write(LAPIC_TPR, 0);
    // In this order: masked while it counts, the timer keeps some CPUs from sleeping (AMD erratum 411).
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT0, LAPIC_LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT1, LAPIC_LVT_NMI);
    if (last >= LVT_PERFORMANCE)
        lapic_write(LAPIC_LVT_PERFORMANCE, LAPIC_LVT_MASKED);
    if (last >= LVT_THERMAL)
        lapic_write(LAPIC_LVT_THERMAL, LAPIC_LVT_MASKED);
    lapic_take_errors();
    lapic_write(LAPIC_LVT_ERROR, VECTOR_LAPIC_ERROR);
    return NULL;
}

uint8_t lapic_id(void)
{
    return (uint8_t)(lapic_is_x2apic() ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> LAPIC_ID_SHIFT);
}

// The last interrupt command has left; or it never will, and waiting does not help.
static void await_icr(void)
{
    for (uint32_t reads = 0; reads < ICR_READS_MAX && (lapic_read(LAPIC_ICR_LOW) & LAPIC_ICR_PENDING) != 0;
         reads++) {
    }
}

void lapic_send(uint32_t apic_id, uint32_t command)
{
    if (lapic_is_x2apic()) {
        mmio_fence(); // an MSR write does not wait for earlier stores
        msr_write(LAPIC_X2APIC_MSR(LAPIC_ICR_LOW), (uint64_t)apic_id << 32 | LAPIC_ICR_ASSERT | command);
        return;
    }
    await_icr();
    lapic_write(LAPIC_ICR_HIGH, apic_id << LAPIC_ICR_DESTINATION_SHIFT);
    lapic_write(LAPIC_ICR_LOW, LAPIC_ICR_ASSERT | command);
}

void lapic_send_self(uint8_t vector)
{
    if (lapic_is_x2apic()) {
        lapic_write_x2apic(LAPIC_SELF_IPI, vector);
        return;
    }
    await_icr();
    lapic_write(LAPIC_ICR_LOW, LAPIC_ICR_SELF | LAPIC_ICR_ASSERT | vector);
}

uint32_t lapic_take_errors(void)
{
    lapic_write(LAPIC_ESR, 0); // latches the errors so far
    return lapic_read(LAPIC_ESR);
}
