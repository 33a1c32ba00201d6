// SPDX-License-Identifier: BSD-2-Clause
// The benchmark. The measuring is done inside the guests, where the costs are felt.

#include "monitor/bench.h"

#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/list.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/timer.h"
#include "vm/console.h"
#include "vm/guest.h"
#include "vm/guest_reap.h"
#include "vm/request.h"
#include "vm/sched.h"

#define CONTROL_C 0x03
#define GUEST_IMAGE "guest"
#define GUEST_MEMORY (256ull << 10)

static struct timer watcher;
static bool all_launched;

// Of the command: the one that measures, and its partner for the doorbell.
static struct guest *ping, *pong;

static void begin(void)
{
    guest_watch(&watcher);
    request_set_timed(false); // the figures are those of the shortest path; accounting would add its own cost
}

// ---- The mode ---------------------------------------------------------------------------------------------------

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

void bench_start(const struct boot_info *info, const struct boot_options *options)
{
    uint32_t refused;

    timer_setup(&watcher, TIMER_MONITOR, TIMER_NO_OWNER, look);
    console_show(CONSOLE_SHOW_ALL);
    begin();
    if (launch_all(info, options->report_json ? " report=json" : "", &refused) == 0) {
        log_error("bench: there is no guest to measure; add modules to the boot menu's entry");
        guest_watch(NULL);
        monitor_finish(false);
        return;
    }
    all_launched = refused == 0;
}

// ---- The command ------------------------------------------------------------------------------------------------

static void end(void)
{
    guest_watch(NULL);
    console_show(CONSOLE_SHOW_NONE);
    request_set_timed(true);
    if (ping != NULL)
        guest_destroy(ping);
    if (pong != NULL)
        guest_destroy(pong);
    ping = pong = NULL;
}

// Runs whenever a guest has ended, be it another one.
static void look_at_pair(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    if (ping->state == GUEST_ALIVE)
        return;
    bool success = ping->state == GUEST_EXITED && ping->exit_code == 0;
    end();
    log_print("bench: %s\n", success ? "end of figures" : "it did not finish; the figures are not complete");
    monitor_prompt();
}

static uint32_t count_others(void)
{
    uint32_t others = 0;

    list_for_each (node, &guest_list)
        others += container_of(node, struct guest, link)->state == GUEST_ALIVE;
    return others;
}

static struct guest *launch_one(const struct boot_module *module, struct module_options *options,
                                const char *name, const char *arguments, const char **reason)
{
    format_buffer(options->name, sizeof(options->name), "%s", name);
    return launch_guest(module, options, 0, arguments, reason);
}

void bench_run(const struct boot_info *info)
{
    static struct module_options options;
    const struct boot_module *module = launch_find(info, GUEST_IMAGE, &options);
    uint32_t others = count_others();
    const char *reason;

    if (module == NULL) {
        log_print("`bench`: needs a module named `" GUEST_IMAGE "` in the boot menu's entry\n");
        return;
    }
    options.count = 1;
    options.memory_bytes = GUEST_MEMORY;
    options.weight = SCHED_WEIGHT;
    options.cpu = 0; // both on one: a doorbell between CPUs is another matter
    ping = launch_one(module, &options, "ping", "work=micro role=ping", &reason);
    pong = ping != NULL ? launch_one(module, &options, "pong", "work=micro role=pong", &reason) : NULL;
    if (pong == NULL) {
        end();
        log_print("`bench`: its guests were refused: %s\n", reason);
        return;
    }
    log_print("guests %u and %u measure; %u others live beside them; Ctrl-C stops it\n", ping->id, pong->id,
              others);
    timer_setup(&watcher, TIMER_MONITOR, TIMER_NO_OWNER, look_at_pair);
    console_show(ping->id);
    begin();
}

bool bench_active(void)
{
    return ping != NULL;
}

bool bench_input(char byte)
{
    if (ping == NULL)
        return false;
    if (byte == CONTROL_C)
        guest_stop(ping, "stopped from the monitor");
    return true;
}
