// SPDX-License-Identifier: BSD-2-Clause
// The machine's counters as one sample, and what lies between two samples.

#include "monitor/figures.h"

#include "lib/bits.h"
#include "lib/list.h"
#include "lib/time.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/sched.h"
#include "vm/vcpu.h"
#include "x86/counters.h"

#define MILLI 1000ull
#define PARTS 1000000ull

void figures_take_cpus(struct figures *out)
{
    struct counters counters;
    uint64_t share_tsc[CPU_SHARES];

    cpu_counters(&counters);
    *out = (struct figures){ .time_ns = clock_now_ns(),
                             .hardware = counters_hw_interrupts(&counters),
                             .crossings = counters.crossings };
    for (uint32_t i = 0; i < cpu_count; i++) {
        out->hardware_timer += timer_stats_interrupts(timer_stats(cpu_table[i]));
        out->switches += sched_stats(cpu_table[i])->switches;
        cpu_shares(cpu_table[i], share_tsc);
        for (uint32_t share = 0; share < CPU_SHARES; share++)
            out->share_tsc[share] += share_tsc[share];
    }
}

void figures_take(struct figures *out)
{
    figures_take_cpus(out);
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);
        const struct vcpu *vcpu = guest->vcpu;

        out->guests += guest->state == GUEST_ALIVE;
        out->guest_timer += vcpu->stats.timer_upcalls;
        out->hypercalls += vcpu->entry.hypercalls + vcpu->stats.slow_hypercalls;
        out->early += vcpu->stats.early_events;
    }
}

void figures_subtract(struct figures *end, const struct figures *begin)
{
    end->time_ns -= begin->time_ns;
    end->guest_timer -= begin->guest_timer;
    end->hardware_timer -= begin->hardware_timer;
    end->hardware -= begin->hardware;
    end->crossings -= begin->crossings;
    end->hypercalls -= begin->hypercalls;
    end->switches -= begin->switches;
    end->early -= begin->early;
    for (uint32_t share = 0; share < CPU_SHARES; share++)
        end->share_tsc[share] -= begin->share_tsc[share];
}

uint64_t figures_interrupts_of(const struct guest *guest)
{
    const struct vcpu *vcpu = guest->vcpu;

    return vcpu->vtimer.timer.interrupts + vcpu->run_timer.timer.interrupts + vcpu->watchdog.timer.interrupts;
}

bool figures_all_attributed(uint64_t gone)
{
    struct timer_stats stats;
    struct counters counters;
    uint64_t guests = gone;

    request_hold(); // an interrupt that is being served has been counted in one of the two only
    timer_stats_all(&stats);
    cpu_counters(&counters);
    uint64_t named = stats.stale + stats.early + stats.range;
    for (int reason = 0; reason < TIMER_REASONS; reason++)
        named += stats.by_reason[reason];
    list_for_each (node, &guest_list)
        guests += figures_interrupts_of(container_of(node, struct guest, link));
    request_release();
    return named == counters.irq_timer &&
           guests == stats.by_reason[TIMER_GUEST_EVENT] + stats.by_reason[TIMER_GUEST_PERIOD] +
                         stats.by_reason[TIMER_GUEST_RUNTIME] + stats.by_reason[TIMER_GUEST_WATCHDOG];
}

void figures_collect_lateness(struct histogram *out)
{
    histogram_reset(out);
    request_hold(); // the owners of the guests add to these
    list_for_each (node, &guest_list) {
        struct guest *guest = container_of(node, struct guest, link);

        lateness_fold(&guest->lateness, &guest->vcpu->late);
        histogram_merge(out, &guest->lateness.total);
    }
    request_release();
}

static uint64_t emptied_ns;

void figures_empty_lateness(void)
{
    request_hold();
    list_for_each (node, &guest_list) {
        struct guest *guest = container_of(node, struct guest, link);

        lateness_fold(&guest->lateness, &guest->vcpu->late);
        lateness_reset(&guest->lateness);
    }
    request_release();
    emptied_ns = clock_now_ns();
}

uint64_t figures_lateness_since_ns(void)
{
    return emptied_ns;
}

uint64_t figures_rate_milli(uint64_t count, uint64_t time_ns)
{
    uint64_t time_us = time_ns / NSEC_PER_USEC;

    return time_us == 0 ? 0 : count * (MILLI * NSEC_PER_SEC / NSEC_PER_USEC) / time_us;
}

uint64_t figures_share_parts(const struct figures *figures, enum cpu_share share)
{
    uint64_t all = 0;
    uint32_t scale = 0;

    for (uint32_t i = 0; i < CPU_SHARES; i++)
        all += figures->share_tsc[i];
    // Below 2^44 the product with PARTS fits; hours of ticks lose low bits that do not count.
    while (all >> scale >= BIT(44))
        scale++;
    return all == 0 ? 0 : (figures->share_tsc[share] >> scale) * PARTS / (all >> scale);
}
