// SPDX-License-Identifier: BSD-2-Clause
// What the monitor's commands show about guests' time: where it went.

#include "core/log.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/report.h"
#include "vm/guest.h"
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

void report_times(void)
{
    static const enum vcpu_state columns[] = { VCPU_RUNNING, VCPU_RUNNABLE, VCPU_BLOCKED, VCPU_PAUSED };
    unsigned int guests = 0, exact = 0;

    log_print("%5s %-20s %16s %10s %10s %10s %10s %7s\n", "guest", "name", "lived s", "running", "runnable",
              "blocked", "paused", "pauses");
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);
        struct vcpu_time time;

        vcpu_time_take(guest->vcpu, &time);
        guests++;
        exact += vcpu_time_is_exact(&time);
        uint64_t lived_ns = vcpu_time_to_ns(time.elapsed_tsc);
        log_print("%5u %-20s %6llu.%09llu", guest->id, guest->name, ULL(lived_ns / NSEC_PER_SEC),
                  ULL(lived_ns % NSEC_PER_SEC));
        for (unsigned int i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
            print_share(&time, columns[i]);
        log_print(" %7llu\n", ULL(guest->vcpu->pauses));
    }
    log_print("of %u guests, the four add up to the time lived, to the tick, in %u\n", guests, exact);
}
