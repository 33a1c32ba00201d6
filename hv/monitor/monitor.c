// SPDX-License-Identifier: BSD-2-Clause
// The serial console's owner: what the machine is booted for, and the prompt.

#include "monitor/monitor.h"

#include "core/debug_exit.h"
#include "core/log.h"
#include "dev/uart.h"
#include "lib/string.h"
#include "monitor/arming.h"
#include "monitor/bench.h"
#include "monitor/command.h"
#include "monitor/curve.h"
#include "monitor/demo.h"
#include "monitor/follow.h"
#include "monitor/launch.h"
#include "monitor/line.h"
#include "monitor/selftest.h"
#include "monitor/soak.h"

static const struct boot_options *options;
static struct line line;
static bool prompting;        // false until the mode's work has ended
static uint64_t drawn_at_log; // log_line_count() when the prompt was drawn last

static void prompt(void)
{
    log_write(MONITOR_PROMPT, strlen(MONITOR_PROMPT));
    drawn_at_log = log_line_count();
}

static void open_prompt(void)
{
    prompting = true;
    line_start(&line);
    log_print("Type `help` for the commands.\n");
    prompt();
}

static void start_interactive(const struct boot_info *info)
{
    uint32_t refused;
    uint32_t launched = launch_all(info, &refused);

    log_info("%u guests are running", launched);
    open_prompt();
}

void monitor_start(const struct boot_info *info, const struct boot_options *boot_options)
{
    options = boot_options;
    command_init(info);
    if (info->module_count == 0)
        log_warn("the loader brought no guests; add module2 lines to the boot menu's entry");
    switch (options->mode) {
    case BOOT_MODE_DEMO:
        demo_start(info, options);
        break;
    case BOOT_MODE_INTERACTIVE:
        start_interactive(info);
        break;
    case BOOT_MODE_SELFTEST:
        selftest_start(info);
        break;
    case BOOT_MODE_BENCH:
        bench_start(info);
        break;
    case BOOT_MODE_CURVE:
        curve_start(info, options);
        break;
    case BOOT_MODE_SOAK:
        soak_start(info, options);
        break;
    case BOOT_MODE_ARMING:
        arming_start(info);
        break;
    }
}

void monitor_finish(bool success)
{
    if (options->exit_debug) {
        uart_flush_polled();
        debug_exit(success);
        log_warn("exit=debug: there is no debug exit device; the monitor stays");
    }
    open_prompt();
}

void monitor_input(char character)
{
    if (!prompting)
        return; // nobody listens while the mode's work runs
    if (follow_input(character)) {
        if (!follow_active())
            prompt();
        return;
    }
    if (log_line_count() != drawn_at_log) {
        prompt();
        line_redraw(&line);
    }
    switch (line_input(&line, character)) {
    case LINE_NOTHING:
        return;
    case LINE_COMPLETE:
        command_run(line.text);
        break;
    case LINE_TOO_LONG:
        log_print("the line has more than %u characters; nothing was done\n", LINE_LENGTH_MAX);
        break;
    case LINE_CANCELED:
        break;
    }
    if (!follow_active())
        prompt();
}
