// SPDX-License-Identifier: BSD-2-Clause
// The serial console's owner: what the machine is booted for, and the prompt.

#include "monitor/monitor.h"

#include "core/boot_phase.h"
#include "core/debug_exit.h"
#include "core/log.h"
#include "core/trace.h"
#include "dev/uart.h"
#include "lib/string.h"
#include "monitor/arming.h"
#include "monitor/bench.h"
#include "monitor/command.h"
#include "monitor/create.h"
#include "monitor/curve.h"
#include "monitor/demo.h"
#include "monitor/follow.h"
#include "monitor/fuzz.h"
#include "monitor/launch.h"
#include "monitor/line.h"
#include "monitor/selftest.h"
#include "monitor/soak.h"
#include "monitor/terminal.h"
#include "monitor/top.h"
#include "monitor/trace_dump.h"
#include "vm/guest_restart.h"
#include "vm/tracing.h"

static const struct boot_options *options;
static struct line line;
static bool prompting;        // false until the mode's work has ended
static bool finishing;        // the trace goes out, and then the mode has ended,
static bool succeeded;        // with this verdict
static bool listed;           // nothing has been typed since Tab wrote its list
static uint64_t drawn_at_log; // log_line_count() when the prompt was drawn last

void monitor_prompt(void)
{
    log_write(MONITOR_PROMPT, strlen(MONITOR_PROMPT));
    drawn_at_log = log_line_count();
}

static void open_prompt(void)
{
    prompting = true;
    guest_restart_allow(true); // the mode's work is done, and what there is stays
    line_start(&line, sizeof(MONITOR_PROMPT) - 1);
    log_print("Type `help` for the commands.\n");
    terminal_ask_columns();
    monitor_prompt();
}

static void start_interactive(const struct boot_info *info)
{
    uint32_t refused;
    uint32_t launched = launch_all(info, "", &refused);

    log_info(launched == 1 ? "%u guest is running" : "%u guests are running", launched);
    open_prompt();
}

static void start_trace(void)
{
    trace_set_records(options->trace_records);
    if (options->trace != 0 && !tracing_start(options->trace))
        log_warn("memory is out for a trace, and it stays off; ask for fewer records (trace_records=), or "
                 "give the machine more (QEMU: -m)");
}

void monitor_start(const struct boot_info *info, const struct boot_options *boot_options)
{
    options = boot_options;
    command_init(info);
    start_trace();
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
        bench_start(info, options);
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
    case BOOT_MODE_FUZZ:
        fuzz_start(info, options);
        break;
    }
}

static void leave(bool success)
{
    if (options->report_json)
        boot_phase_report();
    if (options->exit_debug) {
        uart_flush_polled();
        debug_exit(success);
        log_warn("exit=debug: there is no debug exit device; the monitor stays");
    }
    open_prompt();
}

void monitor_finish(bool success)
{
    finishing = options->trace_dump && trace_dump_start();
    succeeded = success;
    if (!finishing)
        leave(success);
}

void monitor_dumped(void)
{
    if (finishing)
        leave(succeeded);
    finishing = false;
}

// ---- The prompt -------------------------------------------------------------------------------------------------

static void redraw(void)
{
    monitor_prompt();
    line_redraw(&line);
}

// What all words that fit have in common is put in; where that is nothing more, they are listed.
static void complete(void)
{
    struct completion completion;

    command_complete(line.text, line.cursor, &completion, false);
    size_t common = strlen(completion.common);
    bool done = completion.fitting == 1 && common > 0 && common < sizeof(completion.common) - 1;
    if (common > completion.prefix_length)
        line_insert(&line, completion.common + completion.prefix_length, common - completion.prefix_length);
    if (done && completion.common[common - 1] != '=')
        line_insert(&line, " ", 1);
    if (completion.fitting < 2 || common > completion.prefix_length || listed)
        return;
    log_print("\n");
    command_complete(line.text, line.cursor, &completion, true);
    redraw();
    listed = true;
}

// The line has ended, or the console was asked for: what comes next begins with a prompt, unless a command has taken
// the console and gives it back later.
static void answer(enum line_event event)
{
    switch (event) {
    case LINE_COMPLETE:
        command_run(line.text);
        break;
    case LINE_TOO_LONG:
        log_print("the line has more than %u characters; nothing was done\n", LINE_LENGTH_MAX);
        break;
    case LINE_LEAVE:
        log_print("\n");
        follow_again();
        break;
    default:
        break;
    }
    if (!follow_active() && !top_active() && !bench_active() && !create_active())
        monitor_prompt();
}

static void edit(char byte)
{
    enum line_event event = line_input(&line, byte);

    switch (event) {
    case LINE_NOTHING:
        listed = false;
        break;
    case LINE_TAB:
        complete();
        break;
    case LINE_CLEAR:
        log_print("\x1b[2J\x1b[H");
        terminal_ask_columns();
        redraw();
        break;
    case LINE_SIZE:
        terminal_answer(line.keys.parameters[0], line.keys.parameters[1]);
        line_set_columns(&line, terminal_columns());
        break;
    default:
        listed = false;
        answer(event);
        break;
    }
}

void monitor_input(char byte)
{
    if (!prompting)
        return; // nobody listens while the mode's work runs
    if (follow_input(byte)) {
        if (!follow_active())
            monitor_prompt();
        return;
    }
    if (top_input(byte) || bench_input(byte) || create_input(byte))
        return;
    if (log_line_count() != drawn_at_log)
        redraw();
    edit(byte);
}
