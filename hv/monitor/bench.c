// SPDX-License-Identifier: BSD-2-Clause
// The benchmark mode. The measuring is done inside the guests, where the costs are felt.

#include "monitor/bench.h"

#include <stdint.h>

#include "core/log.h"
#include "lib/list.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/timer.h"
#include "vm/console.h"
#include "vm/guest.h"
#include "vm/guest_reap.h"
#include "vm/request.h"

static struct timer watcher;
static bool all_launched;

// Runs whenever a guest has ended.
static void look(struct timer *timer, uint64_t now_ns)
{
    bool success = all_launched;

    (void)timer;
    (void)now_ns;
    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        if (guest->state == GUEST_ALIVE)
            return;
        success &= guest->state == GUEST_EXITED && guest->exit_code == 0;
    }
    guest_watch(NULL);
    console_show(CONSOLE_SHOW_NONE);
    log_print("bench: %s\n",
              success ? "end of figures" : "a guest did not finish; the figures are not complete");
    monitor_finish(success);
}

void bench_start(const struct boot_info *info)
{
    uint32_t refused;

    timer_setup(&watcher, TIMER_MONITOR, TIMER_NO_OWNER, look);
    guest_watch(&watcher);
    console_show(CONSOLE_SHOW_ALL);
    request_set_timed(false); // the figures are those of the shortest path; accounting would add its own cost
    if (launch_all(info, &refused) == 0) {
        log_error("bench: there is no guest to measure; add modules to the boot menu's entry");
        guest_watch(NULL);
        monitor_finish(false);
        return;
    }
    all_launched = refused == 0;
}
