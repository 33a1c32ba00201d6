// SPDX-License-Identifier: BSD-2-Clause
// A row of `top`: what one guest has done since the last look.

#include "monitor/top_row.h"

#include <stddef.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/report.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

#define PARTS 10000u
#define P50 500 // per mille
#define P99 990
#define COLUMNS_FIXED 68u // all but the name, and the last column
#define NAME_MIN 4u
#define ROW_SIZE 160

#define ULL(value) ((unsigned long long)(value))

static uint32_t parts_of(uint64_t part_ns, uint64_t all_ns)
{
    // Below 2^50 ns, 13 days, the product fits; of more, the low bits do not count.
    unsigned int scale = all_ns >> 50 != 0 ? 14 : 0;

    return all_ns >> scale == 0 ? 0 : (uint32_t)((part_ns >> scale) * PARTS / (all_ns >> scale));
}

void top_row_take(struct guest *guest, bool since_birth, struct top_row *out)
{
    const struct vcpu *vcpu = guest->vcpu;
    struct guest_look now, before = guest->look;
    struct vcpu_time time;

    if (since_birth)
        before = (struct guest_look){ .elapsed_ns = 0 };
    vcpu_time_take(vcpu, &time);
    now = (struct guest_look){
        .elapsed_ns = vcpu_time_to_ns(time.elapsed_tsc),
        .running_ns = vcpu_time_to_ns(time.state_tsc[VCPU_RUNNING]),
        .runnable_ns = vcpu_time_to_ns(time.state_tsc[VCPU_RUNNABLE]),
        .interrupts = vcpu->stats.timer_upcalls + vcpu->stats.doorbell_upcalls,
        .hypercalls = vcpu->entry.hypercalls + vcpu->stats.slow_hypercalls,
    };
    guest->look = now;
    uint64_t all_ns = now.elapsed_ns - before.elapsed_ns;
    *out = (struct top_row){
        .guest = guest,
        .alive = guest->state == GUEST_ALIVE,
        .cpu_parts = parts_of(now.running_ns - before.running_ns, all_ns),
        .steal_parts = parts_of(now.runnable_ns - before.runnable_ns, all_ns),
        .interrupts_milli = figures_rate_milli(now.interrupts - before.interrupts, all_ns),
        .hypercalls_milli = figures_rate_milli(now.hypercalls - before.hypercalls, all_ns),
    };
}

// ---- Text -------------------------------------------------------------------------------------------------------

// A time in at most five characters: "417n", "1.23u", "12.3m", "456s", "12.3h".
static void format_time(uint64_t ns, char text[8])
{
    static const struct {
        uint64_t ns;
        char unit;
    } units[] = { { 3600 * NSEC_PER_SEC, 'h' },
                  { NSEC_PER_SEC, 's' },
                  { NSEC_PER_MSEC, 'm' },
                  { NSEC_PER_USEC, 'u' },
                  { 1, 'n' } };
    unsigned int i = ns >= 10000 * NSEC_PER_SEC ? 0 : 1;

    while (units[i].ns > ns && units[i].ns > 1)
        i++;
    uint64_t whole = ns / units[i].ns, hundredths = ns % units[i].ns * 100 / units[i].ns;
    if (units[i].ns == 1 || whole >= 100)
        format_buffer(text, 8, "%llu%c", ULL(whole), units[i].unit);
    else if (whole >= 10)
        format_buffer(text, 8, "%llu.%llu%c", ULL(whole), ULL(hundredths / 10), units[i].unit);
    else
        format_buffer(text, 8, "%llu.%02llu%c", ULL(whole), ULL(hundredths), units[i].unit);
}

// A rate in at most six characters: "12.3", "4567", "1234k".
static void format_rate(uint64_t milli, char text[8])
{
    if (milli < 100000)
        format_buffer(text, 8, "%llu.%llu", ULL(milli / 1000), ULL(milli % 1000 / 100));
    else if (milli < 100000000)
        format_buffer(text, 8, "%llu", ULL(milli / 1000));
    else
        format_buffer(text, 8, "%lluk", ULL(milli / 1000000));
}

// When the guest's timer is due, from now: the end of its window. Its owner may be arming it: then it is one of the
// two.
static void format_next(const struct guest *guest, char text[8])
{
    uint64_t now_ns = clock_now_ns();
    uint64_t due_ns = __atomic_load_n(&guest->vcpu->vtimer.timer.node.expiry_ns, __ATOMIC_RELAXED);

    if (!timer_armed(&guest->vcpu->vtimer.timer) || guest->state != GUEST_ALIVE)
        format_buffer(text, 8, "-");
    else
        format_time(due_ns > now_ns ? due_ns - now_ns : 0, text);
}

static void format_lateness(const struct histogram *events, uint64_t late_ns, char text[8])
{
    if (events->count == 0)
        format_buffer(text, 8, "-");
    else
        format_time(late_ns, text);
}

// Ends at the last column but one: some terminals wrap behind the last.
void top_row_print_cut(const char *text, uint32_t columns)
{
    log_print("%.*s\x1b[K\n", (int)columns - 1, text);
}

static int name_columns(uint32_t columns)
{
    uint32_t free = columns > COLUMNS_FIXED + NAME_MIN ? columns - COLUMNS_FIXED : NAME_MIN;

    return (int)(free < GUEST_NAME_SIZE - 1 ? free : GUEST_NAME_SIZE - 1);
}

void top_row_print_head(uint32_t columns)
{
    char row[ROW_SIZE];
    int width = name_columns(columns);

    format_buffer(row, sizeof(row), "guest %-*.*s %-8s %6s %6s %6s %6s %5s %5s %5s %5s", width, width, "name",
                  "state", "cpu %", "steal%", "irq/s", "hc/s", "next", "p50", "p99", "max");
    top_row_print_cut(row, columns);
}

// "ended: exited with code 0" -> "ended"
static void cut_to_word(char *text)
{
    while (*text != '\0' && *text != ':' && *text != ' ')
        text++;
    *text = '\0';
}

void top_row_print(const struct top_row *row, uint32_t columns)
{
    static struct lateness late;
    const struct guest *guest = row->guest;
    char text[ROW_SIZE], state[16], next[8], interrupts[8], hypercalls[8], p50[8], p99[8], max[8];
    int width = name_columns(columns);

    late = guest->lateness;
    lateness_peek(&late, &guest->vcpu->late);
    format_lateness(&late.total, histogram_quantile(&late.total, P50), p50);
    format_lateness(&late.total, histogram_quantile(&late.total, P99), p99);
    format_lateness(&late.total, late.total.max_ns, max);
    format_next(guest, next);
    format_rate(row->interrupts_milli, interrupts);
    format_rate(row->hypercalls_milli, hypercalls);
    report_format_state(guest, state, sizeof(state));
    cut_to_word(state);
    format_buffer(text, sizeof(text), "%5u %-*.*s %-8.8s %3u.%02u %3u.%02u %6s %6s %5s %5s %5s %5s",
                  guest->id, width, width, guest->name, state, row->cpu_parts / 100, row->cpu_parts % 100,
                  row->steal_parts / 100, row->steal_parts % 100, interrupts, hypercalls, next, p50, p99,
                  max);
    top_row_print_cut(text, columns);
}
