// SPDX-License-Identifier: BSD-2-Clause
// The local APIC's registers. Intel SDM vol. 3A, chapter 10 (table 10-1 is the register map).
//
// Two ways lead to the same registers, and lapic_init() takes the better one that the CPU has:
//   - xAPIC: memory at one physical address on every CPU, where each CPU sees its own; one mapping serves all;
//   - x2APIC (10.12): an MSR for every 16 bytes of that map. No uncached access, and ids of 32 bits.
// The timer's use is in dev/lapic_timer.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/mmio.h"
#include "x86/msr.h"

// clang-format off
#define LAPIC_ID      0x020 // 10.4.6
#define   LAPIC_ID_SHIFT 24 // xAPIC only: the x2APIC's id is the whole register
#define LAPIC_VERSION 0x030 // 10.4.8
#define   LAPIC_VERSION_LAST_LVT(v) (((v) >> 16) & 0xffu) // index of the last LVT entry
#define LAPIC_TPR     0x080 // task priority, 10.8.3.1
#define LAPIC_EOI     0x0b0 // 10.8.5
#define LAPIC_SVR     0x0f0 // spurious interrupt vector, 10.9
#define   LAPIC_SVR_ENABLE (1u << 8)
#define LAPIC_IRR(vector) (0x200u + 0x10u * ((vector) / 32u)) // interrupt request, 10.8.4: a bit for each vector
#define LAPIC_ESR     0x280 // error status, 10.5.3; a write latches the errors since the last one
#define LAPIC_ICR_LOW 0x300 // interrupt command, 10.6.1
#define   LAPIC_ICR_NMI     (4u << 8)
#define   LAPIC_ICR_INIT    (5u << 8)
#define   LAPIC_ICR_STARTUP (6u << 8) // the vector is the page to start in
#define   LAPIC_ICR_PENDING (1u << 12)
#define   LAPIC_ICR_ASSERT  (1u << 14)
#define   LAPIC_ICR_SELF    (1u << 18)
#define LAPIC_ICR_HIGH 0x310 // xAPIC only; the x2APIC has both halves in one MSR, 10.12.9
#define   LAPIC_ICR_DESTINATION_SHIFT 24
#define LAPIC_LVT_TIMER       0x320 // local vector table, 10.5.1
#define   LAPIC_LVT_NMI          (4u << 8)
#define   LAPIC_LVT_MASKED       (1u << 16)
#define   LAPIC_LVT_ONE_SHOT     (0u << 17)
#define   LAPIC_LVT_PERIODIC     (1u << 17)
#define   LAPIC_LVT_TSC_DEADLINE (2u << 17)
#define LAPIC_LVT_THERMAL     0x330
#define LAPIC_LVT_PERFORMANCE 0x340
#define LAPIC_LVT_LINT0       0x350
#define LAPIC_LVT_LINT1       0x360
#define LAPIC_LVT_ERROR       0x370
#define LAPIC_TIMER_INITIAL 0x380 // 10.5.4; a write starts the count, 0 stops it
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0 // bits 3, 1, 0
#define   LAPIC_TIMER_DIVIDE_1   0xbu
#define   LAPIC_TIMER_DIVIDE_2   0x0u
#define   LAPIC_TIMER_DIVIDE_4   0x1u
#define   LAPIC_TIMER_DIVIDE_8   0x2u
#define   LAPIC_TIMER_DIVIDE_16  0x3u
#define   LAPIC_TIMER_DIVIDE_32  0x8u
#define   LAPIC_TIMER_DIVIDE_64  0x9u
#define   LAPIC_TIMER_DIVIDE_128 0xau
#define LAPIC_SELF_IPI      0x3f0 // x2APIC only, 10.12.11: the vector
// clang-format on

// The MSR of a register in x2APIC mode, table 10-6.
#define LAPIC_X2APIC_MSR(reg) (MSR_X2APIC + ((uint32_t)(reg) >> 4))

#define LAPIC_SIZE 0x400u

// Where the registers are mapped; null in x2APIC mode.
extern volatile void *lapic_base;

static inline bool lapic_is_x2apic(void)
{
    return lapic_base == NULL;
}

// For code that has chosen by lapic_is_x2apic() at boot, and so saves the test below.
static inline void lapic_write_xapic(uint32_t reg, uint32_t value)
{
    mmio_write32(lapic_base, reg, value);
}

static inline void lapic_write_x2apic(uint32_t reg, uint32_t value)
{
    msr_write(LAPIC_X2APIC_MSR(reg), value);
}

static inline uint32_t lapic_read(uint32_t reg)
{
    return lapic_is_x2apic() ? (uint32_t)msr_read(LAPIC_X2APIC_MSR(reg)) : mmio_read32(lapic_base, reg);
}

static inline void lapic_write(uint32_t reg, uint32_t value)
{
    if (__builtin_expect(lapic_is_x2apic(), 0))
        lapic_write_x2apic(reg, value);
    else
        lapic_write_xapic(reg, value);
}

// Bring this CPU's local APIC into x2APIC mode, where the CPU has it, or xAPIC mode, and switch it on: priority 0, the
// timer and all other local sources masked, except NMI (LINT1) and errors (VECTOR_LAPIC_ERROR). The first call maps the
// registers. Null on success, else what is wrong, as the rest of a sentence ("the local APIC ..."). Context: each CPU
// once at its start, interrupts off.
const char *lapic_init(void);

// This CPU's APIC id, as the I/O APIC wants it.
uint8_t lapic_id(void);

// End of interrupt, for every vector but the spurious one. One register write; the x2APIC faults at other values than
// 0.
static inline void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

// An interrupt of this vector has come to this CPU, which has not taken it yet. Context: interrupts off.
static inline bool lapic_is_pending(uint8_t vector)
{
    return (lapic_read(LAPIC_IRR(vector)) >> vector % 32u & 1u) != 0;
}

// Interrupt this CPU itself: the vector becomes pending at once and is taken when interrupts are next on. Several
// before that merge into one. Context: interrupts off.
void lapic_send_self(uint8_t vector);

// Send an interrupt to the CPU of that APIC id, another than this one: a vector alone, or LAPIC_ICR_NMI, _INIT,
// _STARTUP. All that this CPU has written before is there for the other one when the interrupt is. Context: interrupts
// off.
void lapic_send(uint32_t apic_id, uint32_t command);

// The errors since the last call, the bits of LAPIC_ESR. For the handler of VECTOR_LAPIC_ERROR.
uint32_t lapic_take_errors(void);
