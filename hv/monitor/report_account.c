// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show about guests' time: where it went, why their events were late, and the wake-ups that
// they caused.

#include "core/log.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/report.h"
#include "vm/guest.h"
#include "vm/request.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

#define PARTS 10000u // of a whole: hundredths of a per cent

#define ULL(value) ((unsigned long long)(value))

static void print_share(const struct vcpu_time *time, enum vcpu_state state)
{
    // Below 2^50 the product fits; of more, the low bits do not count.
    unsigned int scale = time->elapsed_tsc >> 50 != 0 ? 14 : 0;
    uint64_t all = time->elapsed_tsc >> scale;
    uint64_t parts = all == 0 ? 0 : (time->state_tsc[state] >> scale) * PARTS / all;

    log_print(" %5llu.%02llu %%", ULL(parts / 100), ULL(parts % 100));
}

static bool print_times(const struct guest *guest)
{
    static const enum vcpu_state columns[] = { VCPU_RUNNING, VCPU_RUNNABLE, VCPU_BLOCKED, VCPU_PAUSED };
    struct vcpu_time time;

    vcpu_time_take(guest->vcpu, &time);
    uint64_t lived_ns = vcpu_time_to_ns(time.elapsed_tsc);
    log_print("%5u %-20s %6llu.%09llu", guest->id, guest->name, ULL(lived_ns / NSEC_PER_SEC),
              ULL(lived_ns % NSEC_PER_SEC));
    for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        print_share(&time, columns[i]);
    log_print(" %7llu\n", ULL(guest->vcpu->pauses));
    return vcpu_time_is_exact(&time);
}

void report_times(uint32_t first_id)
{
    uint32_t guests = 0, exact = 0, others = 0, next_id = 0;

    request_hold(); // the times of a vCPU are written by its CPU
    log_print("%5s %-20s %16s %10s %10s %10s %10s %7s\n", "guest", "name", "lived s", "running", "runnable",
              "blocked", "paused", "pauses");
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (guest->id < first_id)
            continue;
        if (guests < REPORT_GUESTS) {
            guests++;
            exact += print_times(guest);
        } else if (others++ == 0) {
            next_id = guest->id;
        }
    }
    request_release();
    if (others > 0)
        log_print("and %u more: `times %u`\n", others, next_id);
    log_print("of %u guests, the four add up to the time lived, to the tick, in %u\n", guests, exact);
}

// ---- Lateness --------------------------------------------------------------------------------------------------

#define MEDIAN 500 // per mille
#define P99 990
#define BAR_WIDTH 40u

// What is counted and what is only written down yet.
static void read_lateness(const struct guest *guest, struct lateness *out)
{
    *out = guest->lateness;
    lateness_peek(out, &guest->vcpu->late);
}

static void print_row(const char *name, uint64_t sum_ns, uint64_t min_ns, uint64_t median_ns, uint64_t p99_ns,
                      uint64_t max_ns)
{
    log_print("  %-11s %12llu %12llu %12llu %12llu %18llu\n", name, ULL(min_ns), ULL(median_ns), ULL(p99_ns),
              ULL(max_ns), ULL(sum_ns));
}

static void print_table(const struct lateness *late)
{
    const struct histogram *total = &late->total;
    struct log2_histogram part;

    log_print("  %-11s %12s %12s %12s %12s %18s\n", "ns", "min", "median", "p99", "max", "sum");
    for (int cause = 0; cause < LATENESS_CAUSES; cause++) {
        lateness_of_cause(late, (enum lateness_cause)cause, &part);
        print_row(lateness_cause_name((enum lateness_cause)cause), part.sum_ns,
                  log2_histogram_quantile(&part, 0), log2_histogram_quantile(&part, MEDIAN),
                  log2_histogram_quantile(&part, P99), part.max_ns);
    }
    print_row("in all", total->sum_ns, histogram_quantile(total, 0), histogram_quantile(total, MEDIAN),
              histogram_quantile(total, P99), total->max_ns);
}

// The events by powers of two of one cause's part, if it has a part in any.
static void print_bars(const struct lateness *late, enum lateness_cause cause)
{
    struct log2_histogram part;
    uint32_t most = 1;

    if (late->causes[cause].count == 0)
        return;
    lateness_of_cause(late, cause, &part);
    for (unsigned int i = 0; i < LOG2_HISTOGRAM_BUCKETS; i++)
        most = part.buckets[i] > most ? part.buckets[i] : most;
    log_print("  %s, events by ns\n", lateness_cause_name(cause));
    for (unsigned int i = 0; i < LOG2_HISTOGRAM_BUCKETS; i++) {
        if (part.buckets[i] == 0)
            continue;
        log_print("  %18llu %10u ", ULL(i < 2 ? i : log2_histogram_upper_bound(i - 1) + 1), part.buckets[i]);
        for (uint64_t width = (uint64_t)part.buckets[i] * BAR_WIDTH; width > 0;
             width -= width < most ? width : most)
            log_print("#");
        log_print("\n");
    }
}

static void print_json_row(const char *before, const char *name, const struct log2_histogram *part)
{
    log_print("%s\"%s\": {\"min\": %llu, \"median\": %llu, \"p99\": %llu, \"max\": %llu, \"sum\": %llu}",
              before, name, ULL(log2_histogram_quantile(part, 0)), ULL(log2_histogram_quantile(part, MEDIAN)),
              ULL(log2_histogram_quantile(part, P99)), ULL(part->max_ns), ULL(part->sum_ns));
}

static void print_json(const struct guest *guest, const struct lateness *late)
{
    const struct histogram *total = &late->total;
    struct log2_histogram part;

    log_print("@json lateness {\"guest\": %u, \"events\": %llu, \"total\": {\"min\": %llu, \"median\": %llu, "
              "\"p99\": %llu, \"max\": %llu, \"sum\": %llu}, \"causes\": {",
              guest->id, ULL(total->count), ULL(histogram_quantile(total, 0)),
              ULL(histogram_quantile(total, MEDIAN)), ULL(histogram_quantile(total, P99)), ULL(total->max_ns),
              ULL(total->sum_ns));
    for (int cause = 0; cause < LATENESS_CAUSES; cause++) {
        lateness_of_cause(late, (enum lateness_cause)cause, &part);
        print_json_row(cause > 0 ? ", " : "", lateness_cause_name((enum lateness_cause)cause), &part);
    }
    log_print("}}\n");
}

void report_lateness(const struct guest *only)
{
    static struct lateness all, late;

    lateness_reset(&all);
    request_hold(); // the owners of the guests add to these
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (only != NULL && guest != only)
            continue;
        read_lateness(guest, &late);
        lateness_merge(&all, &late);
    }
    request_release();
    if (only == NULL)
        log_print("timer events of all guests: %llu\n", ULL(all.total.count));
    else
        log_print("timer events of guest %u (%s): %llu\n", only->id, only->name, ULL(all.total.count));
    print_table(&all);
    if (only == NULL)
        return;
    for (int cause = 0; cause < LATENESS_CAUSES; cause++)
        print_bars(&all, (enum lateness_cause)cause);
    print_json(only, &all);
}

// ---- Wake-ups --------------------------------------------------------------------------------------------------

#define WAKERS_SHOWN 10u

// Puts the guest in its place among the `count` that caused most, if it is one of them. Returns their number.
static unsigned int rank(const struct guest **top, unsigned int count, const struct guest *guest)
{
    unsigned int at = count < WAKERS_SHOWN ? count : WAKERS_SHOWN - 1;

    if (count == WAKERS_SHOWN && figures_interrupts_of(top[at]) >= figures_interrupts_of(guest))
        return count;
    for (; at > 0 && figures_interrupts_of(top[at - 1]) < figures_interrupts_of(guest); at--)
        top[at] = top[at - 1];
    top[at] = guest;
    return count < WAKERS_SHOWN ? count + 1 : count;
}

// Wake-ups that the guest's slack has saved. Its running time has no windows.
static uint64_t saved_of(const struct guest *guest)
{
    return guest->vcpu->vtimer.timer.saved;
}

static void print_waker(const struct guest *guest)
{
    uint64_t deferred = guest->vcpu->stats.deferred;

    log_print("  guest %-5u %-28s %16llu %16llu", guest->id, guest->name, ULL(figures_interrupts_of(guest)),
              ULL(saved_of(guest)));
    if (deferred > 0)
        log_print("  deferred %llu", ULL(deferred)); // vm/storm.h
    log_print("\n");
}

void report_wakeups(uint64_t all, uint64_t all_saved)
{
    const struct guest *top[WAKERS_SHOWN];
    unsigned int shown = 0, guests = 0;
    uint64_t listed = 0, named = 0, listed_saved = 0, named_saved = 0;

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        guests++;
        listed += figures_interrupts_of(guest);
        listed_saved += saved_of(guest);
        shown = rank(top, shown, guest);
    }
    log_print("%-42s %16s %16s\n", "guests' timer interrupts, by guest", "interrupts", "saved by slack");
    for (unsigned int i = 0; i < shown; i++) {
        print_waker(top[i]);
        named += figures_interrupts_of(top[i]);
        named_saved += saved_of(top[i]);
    }
    if (guests > shown)
        log_print("  the %-6u other guests %22s %16llu %16llu\n", guests - shown, "", ULL(listed - named),
                  ULL(listed_saved - named_saved));
    log_print("  %-40s %16llu %16llu\n", "guests that are gone", ULL(all - listed),
              ULL(all_saved - listed_saved));
}
