// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show about the CPUs.

#include "monitor/report.h"

#include "core/log.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "vm/guest.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"
#include "x86/stacks.h"

#define PARTS 10000ull // hundredths of a per cent

#define ULL(value) ((unsigned long long)(value))

// What a CPU is doing. Guests go only by this CPU's hand, so the one that another CPU has loaded is there.
static void format_doing(const struct cpu *cpu, char *text, size_t size)
{
    const struct vcpu *vcpu = __atomic_load_n(&cpu->vcpu, __ATOMIC_RELAXED);

    if (cpu == cpu_this())
        format_buffer(text, size, "this command");
    else if (__atomic_load_n(&cpu->share, __ATOMIC_RELAXED) == CPU_SHARE_IDLE || vcpu == NULL)
        format_buffer(text, size, "asleep");
    else
        format_buffer(text, size, "guest %u (%s)", vcpu->guest->id, vcpu->guest->name);
}

// What part of its time it has slept.
static uint64_t idle_parts(const struct cpu *cpu)
{
    uint64_t share_tsc[CPU_SHARES], all = 0;
    unsigned int scale = 0;

    cpu_shares(cpu, share_tsc);
    for (unsigned int i = 0; i < CPU_SHARES; i++)
        all += share_tsc[i];
    while (all >> scale >= BIT(50)) // so that the product fits
        scale++;
    return all == 0 ? 0 : (share_tsc[CPU_SHARE_IDLE] >> scale) * PARTS / (all >> scale);
}

void report_stacks(void)
{
    for (enum stacks_kind kind = 0; kind < STACKS_KINDS; kind++) {
        uint64_t most = 0;
        uint32_t deepest = 0;

        for (uint32_t i = 0; i < cpu_count; i++) {
            uint64_t used = stacks_used(&cpu_stacks[i], kind);

            if (used > most) {
                most = used;
                deepest = i;
            }
        }
        log_print("  stack  %-13s at most %llu of %llu bytes in use so far (CPU %u)\n", stacks_name(kind),
                  ULL(most), ULL(stacks_size(kind)), deepest);
    }
}

void report_cpus(void)
{
    char doing[GUEST_NAME_SIZE + 24];

    log_print("%3s %7s %6s %12s %12s %12s %10s %9s  %s\n", "cpu", "apic id", "guests", "interrupts",
              "of others", "switches", "taken over", "idle", "now");
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct cpu *cpu = cpu_table[i];
        const struct sched_stats *stats = sched_stats(cpu);
        uint64_t idle = idle_parts(cpu);

        format_doing(cpu, doing, sizeof(doing));
        log_print("%3u %7u %6u %12llu %12llu %12llu %10llu %4llu.%02llu %%  %s\n", cpu->id, cpu->apic_id,
                  stats->vcpus, ULL(counters_hw_interrupts(&cpu->counters)), ULL(cpu->counters.irq_kick),
                  ULL(stats->switches), ULL(stats->adopted), ULL(idle / 100), ULL(idle % 100), doing);
    }
}
