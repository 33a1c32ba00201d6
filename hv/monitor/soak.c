// SPDX-License-Identifier: BSD-2-Clause
// The soak: its rounds, as a chain of guests' ends.

#include "monitor/soak.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"
#include "core/page_alloc.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_reap.h"
#include "vm/request.h"
#include "x86/cpu.h"

#define NSEC_PER_HOUR (3600 * NSEC_PER_SEC)

#define ULL(value) ((unsigned long long)(value))

static struct {
    const struct boot_info *boot;
    uint64_t end_ns;
    uint64_t free_pages; // before this round's guests were made
    uint64_t rounds, events;
    uint64_t latest_ns;        // the latest event of all, behind its deadline
    struct cross_check clock;  // the last look
    struct histogram lateness; // of one round
    struct timer watcher;      // a guest has ended
    const char *trouble;       // null: none so far
} soak;

static void finish(void)
{
    const struct sleep_stats *sleeps = &cpu_this()->sleep->stats;
    struct timer_stats stats;

    timer_stats_all(&stats);
    guest_watch(NULL);
    log_print("@json soak {\"time_ns\": %llu, \"rounds\": %llu, \"events\": %llu, \"latest_ns\": %llu, "
              "\"interrupts\": %llu, \"stale\": %llu, \"range\": %llu, \"early\": %llu, ",
              ULL(clock_now_ns()), ULL(soak.rounds), ULL(soak.events), ULL(soak.latest_ns),
              ULL(timer_stats_interrupts(&stats)), ULL(stats.stale), ULL(stats.range), ULL(stats.early));
    log_print("\"lost\": %llu, \"late\": %llu, \"useless\": %llu, \"violations\": %llu, ", ULL(sleeps->lost),
              ULL(sleeps->late), ULL(sleeps->useless), ULL(cross_check_violations()));
    log_print("\"clock\": \"%s\", \"reference\": \"%s\", \"ahead_ns\": %lld, \"bound_ns\": %llu}\n",
              clock_name(), soak.clock.reference, (long long)soak.clock.ahead_ns, ULL(soak.clock.bound_ns));
    log_print("soak: %s\n", soak.trouble == NULL ? "success" : soak.trouble);
    monitor_finish(soak.trouble == NULL);
}

static void blame(bool wrong, const char *trouble)
{
    if (wrong && soak.trouble == NULL)
        soak.trouble = trouble;
}

static bool all_ended(void)
{
    list_for_each (node, &guest_list)
        if (container_of(node, struct guest, link)->state == GUEST_ALIVE)
            return false;
    return true;
}

// What the guests saw and what the hypervisor counted for them.
static void judge_guests(void)
{
    struct figures figures;

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);
        blame(guest->state != GUEST_EXITED || guest->exit_code != 0, "failure: a guest did not exit with 0");
    }
    figures_take(&figures);
    figures_collect_lateness(&soak.lateness);
    blame(figures.early != 0, "failure: an event came before its deadline");
    soak.events += soak.lateness.count;
    if (soak.lateness.max_ns > soak.latest_ns)
        soak.latest_ns = soak.lateness.max_ns;
}

// What must be as it was before the round.
static void judge_machine(void)
{
    blame(page_alloc_free_count() != soak.free_pages, "failure: not all memory came back from the guests");
    request_hold();
    for (uint32_t i = 0; i < cpu_count; i++) {
        const struct timer_wheel *wheel = timer_wheel(cpu_table[i]);
        struct timer_wheel_cursor cursor = { 0 };

        blame(timer_wheel_walk(wheel, &cursor) != NULL, "failure: a timer stayed armed");
        blame(cpu_table[i]->sleep->stats.lost != 0, "failure: the timer has lost an interrupt");
        blame(cpu_table[i]->sleep->stats.late != 0, "failure: the timer came after the dead-man's switch");
        blame(cpu_table[i]->sleep->stats.useless != 0,
              "failure: the dead-man's switch woke the CPU for nothing");
        blame(timer_wheel_check(wheel) != NULL, "failure: the timer wheel is not sound");
    }
    request_release();
}

static void judge_clock(void)
{
    if (!cross_check_look(&soak.clock)) {
        blame(true, "failure: there is no second counter to check the clock against");
        return;
    }
    uint64_t off_ns =
        soak.clock.ahead_ns < 0 ? -(uint64_t)soak.clock.ahead_ns : (uint64_t)soak.clock.ahead_ns;
    blame(off_ns > soak.clock.bound_ns, "failure: the clock has drifted beyond the bound");
    blame(cross_check_violations() != 0, "failure: the clock has stepped");
}

static void begin_round(void)
{
    uint32_t launched = 0;

    soak.free_pages = page_alloc_free_count();
    guest_watch(&soak.watcher);
    blame(!launch_module(soak.boot, (uint32_t)(soak.rounds % soak.boot->module_count), "", &launched),
          "failure: a guest was refused");
    if (soak.trouble != NULL)
        finish();
}

static void end_round(void)
{
    guest_watch(NULL);
    judge_guests();
    list_for_each_safe (node, &guest_list)
        guest_destroy(container_of(node, struct guest, link));
    judge_machine();
    judge_clock();
    soak.rounds++;
    log_print("soak: round %llu: %llu events, latest %llu ns; clock %lld ns ahead of %s after %llu s, bound "
              "%llu ns\n",
              ULL(soak.rounds), ULL(soak.lateness.count), ULL(soak.lateness.max_ns),
              (long long)soak.clock.ahead_ns, soak.clock.reference, ULL(soak.clock.elapsed_ns / NSEC_PER_SEC),
              ULL(soak.clock.bound_ns));
    if (soak.trouble != NULL || clock_now_ns() >= soak.end_ns)
        finish();
    else
        begin_round();
}

static void guest_ended(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    if (all_ended())
        end_round();
}

void soak_start(const struct boot_info *info, const struct boot_options *options)
{
    if (info->module_count == 0) {
        log_error("soak: there is no guest; add modules to the boot menu's entry");
        monitor_finish(false);
        return;
    }
    soak.boot = info;
    soak.end_ns = clock_now_ns() + options->soak_hours * NSEC_PER_HOUR;
    soak.clock.reference = "nothing";
    timer_setup(&soak.watcher, TIMER_MONITOR, TIMER_NO_OWNER, guest_ended);
    begin_round();
}
