// SPDX-License-Identifier: BSD-2-Clause
// The benchmark. The measuring is done inside the guests, where the costs are felt.

#include "monitor/bench.h"

#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/time.h"
#include "monitor/follow.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/timer.h"
#include "vm/console.h"
#include "vm/guest.h"
#include "vm/guest_console.h"
#include "vm/guest_reap.h"
#include "vm/request.h"
#include "vm/sched.h"

#define CONTROL_C 0x03
#define GUEST_IMAGE "guest"
#define GUEST_MEMORY (256ull << 10)

// Of the mode: what is typed, again and again, at a guest that is alone. guest/apps/calls.c knows its length.
#define TYPED "----------------------------------------------------------------"
#define TYPE_PERIOD_NS NSEC_PER_MSEC

static struct timer watcher, typist;
static bool all_launched;

// Of the command: the one that measures, and its partner for the doorbell.
static struct guest *ping, *pong;

static void begin(void)
{
    guest_watch(&watcher);
    // The figures are those of the shortest path: accounting would add its own cost.
    request_set_watch(this_cpu->watch & ~(uint32_t)CPU_WATCH_TIMES);
}

static uint32_t count_alive(void)
{
    uint32_t alive = 0;

    list_for_each (node, &guest_list)
        alive += container_of(node, struct guest, link)->state == GUEST_ALIVE;
    return alive;
}

// ---- The mode ---------------------------------------------------------------------------------------------------

// Who does not listen takes no notice.
static void type(struct timer *timer, uint64_t now_ns)
{
    list_for_each (node, &guest_list)
        guest_console_input(container_of(node, struct guest, link), TYPED, sizeof(TYPED) - 1);
    timer_arm(timer, now_ns + TYPE_PERIOD_NS);
}

// Shows what the guests have written whose consoles were not shown: all but the first. True: all have ended well.
static bool sum_up(void)
{
    bool success = all_launched;

    list_for_each (node, &guest_list) {
        const struct guest *guest = container_of(node, struct guest, link);

        success &= guest->state == GUEST_EXITED && guest->exit_code == 0;
        if (node != guest_list.next)
            follow_show_kept(guest, "");
    }
    return success;
}

// Runs whenever a guest has ended.
static void look(struct timer *timer, uint64_t now_ns)
{
    uint32_t alive = count_alive();

    (void)timer;
    if (alive == 1)
        timer_arm(&typist, now_ns + TYPE_PERIOD_NS);
    if (alive > 0)
        return;
    timer_cancel(&typist);
    guest_watch(NULL);
    console_show(CONSOLE_SHOW_NONE);
    bool success = sum_up();
    log_print("bench: %s\n",
              success ? "end of figures" : "a guest did not finish; the figures are not complete");
    monitor_finish(success);
}

void bench_start(const struct boot_info *info, const struct boot_options *options)
{
    uint32_t refused;

    timer_setup(&watcher, TIMER_MONITOR, TIMER_NO_OWNER, look);
    timer_setup(&typist, TIMER_MONITOR, TIMER_NO_OWNER, type);
    begin();
    if (launch_all(info, options->report_json ? " report=json" : "", &refused) == 0) {
        log_error("bench: there is no guest to measure; add modules to the boot menu's entry");
        guest_watch(NULL);
        monitor_finish(false);
        return;
    }
    console_show(container_of(guest_list.next, struct guest, link)->id);
    all_launched = refused == 0;
}

// ---- The command ------------------------------------------------------------------------------------------------

static void end(void)
{
    guest_watch(NULL);
    console_show(CONSOLE_SHOW_NONE);
    request_set_watch(cpu_this()->watch | CPU_WATCH_TIMES);
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
    uint32_t others = count_alive();
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
