// SPDX-License-Identifier: BSD-2-Clause
// The start of the other CPUs: on the left the boot CPU, on the right the one that starts.
//
//   ap_call()                        INIT, STARTUP ->  cpus_ap_main(): alive
//   test of the TSC  <------------------------------>  test of the TSC
//   waits                                              local APIC, timer: ready
//   enters it in the table           admitted ------>  vcpu_run()
//
// All memory is taken before, by the boot CPU: the page allocator is its own.
#include "cpus.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "core/boot_line.h"
#include "core/log.h"
#include "core/panic.h"
#include "lib/string.h"
#include "machine.h"
#include "time/timer.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/ap.h"
#include "x86/cpu.h"
#include "x86/tsc_warp.h"

// For one answer of the other CPU. In an emulator others may keep it from running for that long.
#define PATIENCE_SECONDS 60u

#define ULL(value) ((unsigned long long)(value))

static struct tsc_warp warp_test; // of the CPU that is starting
static const char *trouble;       // what it says about itself

static uint64_t patience_tsc(void)
{
    return PATIENCE_SECONDS * machine_tsc_hz();
}

static struct cpu *create(uint32_t id, uint32_t apic_id)
{
    struct cpu *cpu = cpu_create(id, apic_id);

    if (cpu == NULL || !timer_prepare(cpu) || !sched_prepare(cpu, machine_tsc_hz()))
        panic_machine("memory is out while starting CPU %u; give the machine more (QEMU: -m 512M) or start "
                      "fewer CPUs (cpus=%u)",
                      id, id);
    return cpu;
}

// Null, or why the machine goes on without it: the rest of a sentence.
static const char *bring_up(struct cpu *cpu)
{
    memset(&warp_test, 0, sizeof(warp_test));
    trouble = NULL;
    if (!ap_call(cpu, machine_tsc_hz()))
        return "does not answer";
    if (!tsc_warp_take_part(&warp_test, false, patience_tsc()))
        return "stops answering during the test of its time stamp counter";
    switch (ap_await(cpu, AP_ALIVE, patience_tsc())) {
    case AP_READY:
        break;
    case AP_FAILED:
        return trouble;
    default:
        return "stops answering while it starts";
    }
    if (warp_test.worst_tsc != 0)
        return "has a time stamp counter that disagrees with this CPU's; newer firmware may set it right";
    return NULL;
}

static void start(uint32_t apic_id)
{
    struct cpu *cpu = create(cpu_count, apic_id);
    const char *why = bring_up(cpu);

    if (why != NULL) {
        ap_reset(cpu); // whatever it is doing, it does not do it any more
        log_warn("CPU with APIC id %u %s; it is left out", apic_id, why);
        if (warp_test.worst_tsc != 0)
            log_warn("its time stamp counter was behind by %llu ticks", ULL(warp_test.worst_tsc));
        return;
    }
    cpu_table[cpu_count] = cpu;
    __atomic_store_n(&cpu_count, cpu_count + 1, __ATOMIC_RELEASE);
    ap_change(cpu, AP_READY, AP_ADMITTED);
}

void cpus_start(const struct boot_info *boot, const struct boot_options *options)
{
    uint32_t apic_ids[CPU_MAX];
    uint32_t others = machine_other_cpus(apic_ids);

    if (others == 0 || options->cpus == 1)
        return;
    if (!machine_has_cpu_timers()) {
        log_warn(
            "timer events come from the HPET, which serves the boot CPU only: the other %u CPUs stay off; "
            "clockevent=lapic uses them",
            others);
        return;
    }
    if (boot->start_page == 0) {
        log_warn("the loader's memory map has no free page below 640 KiB, where the other %u CPUs would "
                 "start: they "
                 "stay off",
                 others);
        return;
    }
    ap_init(boot->start_page);
    for (uint32_t i = 0; i < others && cpu_count < options->cpus; i++)
        start(apic_ids[i]);
    log_info("CPUs: %u of %u run", cpu_count, others + 1);
}

void cpus_ap_main(struct cpu *cpu)
{
    cpu_start(cpu);
    if (!ap_change(cpu, AP_CALLED, AP_ALIVE))
        cpu_stop(); // the boot CPU has given up
    if (!tsc_warp_take_part(&warp_test, true, patience_tsc()))
        cpu_stop(); // likewise
    trouble = machine_init_cpu();
    if (!ap_change(cpu, AP_ALIVE, trouble == NULL ? AP_READY : AP_FAILED) || trouble != NULL)
        cpu_stop();
    while (ap_await(cpu, AP_READY, patience_tsc()) == AP_READY) {
    }
    vcpu_run();
}
