// SPDX-License-Identifier: BSD-2-Clause
// INIT and STARTUP interrupts, and the page that a CPU begins in.
#include "x86/ap.h"

#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/descriptors.h"
#include "x86/features.h"
#include "x86/lapic.h"
#include "x86/msr.h"
#include "x86/paging.h"
#include "x86/pause.h"
#include "x86/tsc.h"

#define GDT_CODE_64 0x00209a0000000000ull // 64-bit code, present, ring 0
#define START_SHIFT 12                    // the STARTUP interrupt's vector is the page's number

// Intel SDM vol. 3A, 8.4.4.1: 10 ms after INIT, 200 us after the first STARTUP. An emulator's CPU may be kept from
// running by others for much longer, so the last wait is long: it is only ever waited out for a CPU that is not there.
#define INIT_PER_SECOND 100u
#define STARTUP_PER_SECOND 5000u
#define ALIVE_SECONDS 5u

extern const uint8_t ap_start[], ap_start_long[], ap_start_words[], ap_start_end[]; // boot/ap_start.asm
extern const char ap_start_high[];
extern const char boot_top_table[]; // boot/start.asm; a physical address

static uint64_t page;

// In the copy.
static struct ap_words *words(void)
{
    return (struct ap_words *)((uint8_t *)phys_to_virt(page) + (ap_start_words - ap_start));
}

void ap_init(uint64_t page_phys)
{
    page = page_phys;
    memcpy(phys_to_virt(page), ap_start, (size_t)(ap_start_end - ap_start));
    *words() = (struct ap_words){
        .gdt = { 0, GDT_CODE_64 },
        .long_offset = (uint32_t)(page + (uint64_t)(ap_start_long - ap_start)),
        .long_selector = SELECTOR_HV_CODE,
        .gdt_limit = sizeof(words()->gdt) - 1,
        .gdt_base = (uint32_t)(page + (uint64_t)(ap_start_words - ap_start)),
        .boot_root = (uint32_t)(uint64_t)boot_top_table,
        .efer = MSR_EFER_LME | (features.nx ? MSR_EFER_NXE : 0),
        .root = paging_root(),
        .entry = (uint64_t)ap_start_high,
    };
}

bool ap_change(struct cpu *cpu, enum ap_state from, enum ap_state to)
{
    uint32_t expected = from;

    return __atomic_compare_exchange_n(&cpu->start, &expected, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

enum ap_state ap_await(const struct cpu *cpu, enum ap_state state, uint64_t ticks)
{
    uint64_t start_tsc = tsc_read();

    for (;;) {
        enum ap_state now = __atomic_load_n(&cpu->start, __ATOMIC_ACQUIRE);

        if (now != state || tsc_read() - start_tsc > ticks)
            return now;
        pause();
    }
}

bool ap_call(struct cpu *cpu, uint64_t tsc_hz)
{
    uint32_t startup = LAPIC_ICR_STARTUP | (uint32_t)(page >> START_SHIFT);

    words()->cpu = (uint64_t)cpu;
    words()->stack = cpu->stack;
    __atomic_store_n(&cpu->start, AP_CALLED, __ATOMIC_SEQ_CST);
    lapic_send(cpu->apic_id, LAPIC_ICR_INIT);
    ap_await(cpu, AP_CALLED, tsc_hz / INIT_PER_SECOND);
    lapic_send(cpu->apic_id, startup);
    if (ap_await(cpu, AP_CALLED, tsc_hz / STARTUP_PER_SECOND) == AP_CALLED)
        lapic_send(cpu->apic_id, startup);
    ap_await(cpu, AP_CALLED, tsc_hz * ALIVE_SECONDS);
    return !ap_change(cpu, AP_CALLED, AP_REFUSED);
}

void ap_reset(struct cpu *cpu)
{
    lapic_send(cpu->apic_id, LAPIC_ICR_INIT);
}
