// SPDX-License-Identifier: BSD-2-Clause
// The self-test: one test after the other, as a chain of timer expiries.

#include "monitor/selftest.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/string.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/follow.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "monitor/selftest_stacks.h"
#include "monitor/selftest_timers.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_change.h"
#include "vm/guest_console.h"
#include "vm/guest_reap.h"
#include "vm/request.h"
#include "vm/vcpu_time.h"

#define WITNESS "witness"
#define WITNESS_ARGUMENTS "for=200ms" // beside another guest; by itself it runs as its line says
#define INSTANCES_MAX 64u
#define SETTLE_NS NSEC_PER_SEC
#define DETAIL_SIZE 256
#define TYPE_PERIOD_NS NSEC_PER_MSEC

// The end of the present test's time.
enum stage {
    STAGE_SETTLE,  // expect=silence: what the guests do at their start is over then
    STAGE_RUN,     // timeout= has passed then
    STAGE_WITNESS, // expect=kill:operator: the time for the witness to end too has passed then
    STAGE_OVER,
};

// The test that is running.
static struct {
    struct module_options options;
    struct guest *guests[INSTANCES_MAX];
    uint32_t guest_count;
    struct guest *witness; // null: none
    enum stage stage;
    bool paused;          // pause=
    struct figures begin; // expect=silence
} test;

static const struct boot_info *boot;
static const struct boot_module *witness_module; // null: none
static struct module_options witness_options;
static uint32_t next_module;
static uint32_t verdicts[SELFTEST_FAILURE + 1];
static struct timer watcher;     // a guest has ended
static struct timer deadline;    // the stage is over
static uint64_t gone_interrupts; // attributed to guests that were destroyed
static struct timer pauser;      // pause=: the other way round now
static struct timer typist;      // input= and tick=: once more

// ---- Verdicts ---------------------------------------------------------------------------------------------------

void selftest_report(const char *name, enum selftest_verdict verdict, const char *format, ...)
{
    static const char *const words[] = { "success", "skip", "error", "failure" };
    char detail[DETAIL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    format_vbuffer(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    verdicts[verdict]++;
    log_print("selftest: %s: %s: %s\n", name, words[verdict], detail);
}

static void finish(void)
{
    selftest_stacks();

    uint32_t failed = verdicts[SELFTEST_ERROR] + verdicts[SELFTEST_FAILURE];

    guest_watch(NULL);
    if (verdicts[SELFTEST_SKIP] > 0)
        log_print("selftest: %u skipped\n", verdicts[SELFTEST_SKIP]);
    log_print("selftest: %u passed, %u failed\n", verdicts[SELFTEST_SUCCESS], failed);
    monitor_finish(failed == 0 && verdicts[SELFTEST_SUCCESS] > 0);
}

// What has become of a guest, in words.
static void describe(const struct guest *guest, char *text, size_t size)
{
    switch (guest->state) {
    case GUEST_ALIVE:
        format_buffer(text, size, "still alive");
        break;
    case GUEST_EXITED:
        format_buffer(text, size, "exit code %llu", (unsigned long long)guest->exit_code);
        break;
    case GUEST_KILLED:
        format_buffer(text, size, "killed: %s", guest->reason);
        break;
    }
}

static bool as_expected(const struct guest *guest)
{
    switch (test.options.expect) {
    case MODULE_EXPECT_EXIT:
        return guest->state == GUEST_EXITED && guest->exit_code == test.options.expect_code;
    case MODULE_EXPECT_KILL:
        return guest->state == GUEST_KILLED && strcmp(guest->reason, test.options.expect_reason) == 0;
    case MODULE_EXPECT_SILENCE:
        return guest->state == GUEST_ALIVE;
    case MODULE_EXPECT_NOTHING:
        break;
    }
    return false;
}

static void fail(const struct guest *guest, const char *role)
{
    char what[DETAIL_SIZE];

    describe(guest, what, sizeof(what));
    selftest_report(test.options.image, SELFTEST_FAILURE, "%s (guest %u, %s): %s", role, guest->id,
                    guest->name, what);
    follow_show_kept(guest, "  it wrote: "); // behind a prefix, so that it cannot pass for a verdict
}

// The interrupt that ends the measured time is the test's own and is counted in it.
static bool was_silent(const struct figures *now)
{
    struct figures end = *now;

    figures_subtract(&end, &test.begin);
    if (end.hardware > 1) {
        selftest_report(
            test.options.image, SELFTEST_FAILURE,
            "%llu hardware interrupts, %llu of them the timer's, beside the test's own one in %llu s",
            (unsigned long long)(end.hardware - 1), (unsigned long long)(end.hardware_timer - 1),
            (unsigned long long)(end.time_ns / NSEC_PER_SEC));
        return false;
    }
    return true;
}

// Whatever it has lived through, the times of a vCPU add up.
static bool adds_up(const struct guest *guest)
{
    struct vcpu_time time;

    if (guest == NULL)
        return true;
    request_hold(); // its owner writes them
    vcpu_time_take(guest->vcpu, &time);
    request_release();
    if (!vcpu_time_is_exact(&time))
        fail(guest, "the times in its states are not the time that it lived");
    return vcpu_time_is_exact(&time);
}

static bool all_add_up(void)
{
    for (uint32_t i = 0; i < test.guest_count; i++)
        if (!adds_up(test.guests[i]))
            return false;
    return adds_up(test.witness);
}

static void judge(void)
{
    char what[DETAIL_SIZE];
    struct figures now;

    figures_take(&now); // before anything here asks other CPUs, which interrupts them
    for (uint32_t i = 0; i < test.guest_count; i++) {
        if (!as_expected(test.guests[i])) {
            fail(test.guests[i], "not as expected");
            return;
        }
    }
    if (test.witness != NULL && (test.witness->state != GUEST_EXITED || test.witness->exit_code != 0)) {
        fail(test.witness, "the witness was disturbed");
        return;
    }
    if (!all_add_up())
        return;
    if (!figures_all_attributed(gone_interrupts)) {
        selftest_report(test.options.image, SELFTEST_FAILURE, "a timer interrupt is not attributed");
        return;
    }
    if (now.early > 0) {
        selftest_report(test.options.image, SELFTEST_FAILURE, "%llu timer events came before their deadlines",
                        (unsigned long long)now.early);
        return;
    }
    if (test.options.expect == MODULE_EXPECT_SILENCE) {
        if (was_silent(&now)) {
            selftest_report(test.options.image, SELFTEST_SUCCESS,
                            "no hardware interrupt in %llu s, %u guests",
                            (unsigned long long)(test.options.timeout_ns / NSEC_PER_SEC), test.guest_count);
        }
        return;
    }
    describe(test.guests[0], what, sizeof(what));
    selftest_report(test.options.image, SELFTEST_SUCCESS, "%s: %s", test.options.name, what);
}

// ---- One test ---------------------------------------------------------------------------------------------------

static void clean_up(void)
{
    timer_cancel(&deadline);
    timer_cancel(&pauser);
    timer_cancel(&typist);
    list_for_each_safe (node, &guest_list) {
        struct guest *guest = container_of(node, struct guest, link);

        gone_interrupts += figures_interrupts_of(guest);
        guest_destroy(guest);
    }
    memset(&test, 0, sizeof(test));
}

static struct guest *launch(const struct boot_module *module, const struct module_options *options,
                            uint32_t instance, const char *arguments)
{
    const char *reason;
    struct guest *guest = launch_guest(module, options, instance, arguments, &reason);

    if (guest == NULL)
        selftest_report(test.options.image, SELFTEST_FAILURE, "%s was refused: %s", options->name, reason);
    return guest;
}

// Makes the guests of the test, and the witness. False, with the verdict given, where one is refused.
static bool launch_test(const struct boot_module *module)
{
    bool with_witness =
        witness_module != NULL && module != witness_module && test.options.expect != MODULE_EXPECT_SILENCE;

    for (uint32_t i = 0; i < test.options.count; i++) {
        test.guests[i] = launch(module, &test.options, i, test.options.arguments);
        if (test.guests[i] == NULL)
            return false;
        test.guest_count++;
    }
    if (with_witness) {
        test.witness = launch(witness_module, &witness_options, 0, WITNESS_ARGUMENTS);
        return test.witness != NULL;
    }
    return true;
}

// Begins the test of one module. False, with the verdict given, where that is not possible.
static bool begin(uint32_t index)
{
    const struct boot_module *module = &boot->modules[index];
    char error[MODULE_ERROR_MAX];

    if (!module_line_parse(module->line, &test.options, error)) {
        format_buffer(test.options.image, sizeof(test.options.image), "module-%u", index);
        selftest_report(test.options.image, SELFTEST_ERROR, "%s", error);
        return false;
    }
    if (test.options.expect == MODULE_EXPECT_NOTHING || test.options.count > INSTANCES_MAX) {
        selftest_report(test.options.image, SELFTEST_ERROR,
                        "the module line needs expect= and at most count=%u", INSTANCES_MAX);
        return false;
    }
    if (!launch_test(module)) {
        clean_up();
        return false;
    }
    bool settle = test.options.expect == MODULE_EXPECT_SILENCE;
    test.stage = settle ? STAGE_SETTLE : STAGE_RUN;
    if (test.options.pause_ns != 0)
        timer_arm(&pauser, clock_now_ns() + test.options.pause_ns);
    if (test.options.input[0] != '\0' || test.options.tick_hz != MODULE_TICK_NONE)
        timer_arm(&typist, clock_now_ns() + TYPE_PERIOD_NS);
    timer_arm(&deadline, clock_now_ns() + (settle ? SETTLE_NS : test.options.timeout_ns));
    return true;
}

void selftest_next(void)
{
    while (next_module < boot->module_count)
        if (begin(next_module++))
            return;
    finish();
}

static void end_test(void)
{
    judge();
    clean_up();
    selftest_next();
}

// Ends the test as soon as nothing more can change its verdict.
static void evaluate(void)
{
    bool silence = test.options.expect == MODULE_EXPECT_SILENCE;
    bool witness_ended = test.witness == NULL || test.witness->state != GUEST_ALIVE;
    bool all_ended = true, one_ended = false;

    for (uint32_t i = 0; i < test.guest_count; i++) {
        all_ended &= test.guests[i]->state != GUEST_ALIVE;
        one_ended |= test.guests[i]->state != GUEST_ALIVE;
    }
    if (test.stage == STAGE_OVER || (all_ended && witness_ended) || (silence && one_ended))
        end_test();
}

// A guest has ended: one of this test, or one that clean_up() destroyed.
static void guest_ended(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    if (test.guest_count > 0)
        evaluate();
}

static bool ends_by_operator(void)
{
    return test.options.expect == MODULE_EXPECT_KILL &&
           strcmp(test.options.expect_reason, GUEST_OPERATOR) == 0;
}

static void kill_guests(void)
{
    for (uint32_t i = 0; i < test.guest_count; i++)
        guest_stop(test.guests[i], "killed by the self-test");
}

// Pauses or resumes the guests under test. Those that have ended take no notice.
static void pause_over(struct timer *timer, uint64_t now_ns)
{
    test.paused = !test.paused;
    for (uint32_t i = 0; i < test.guest_count; i++)
        if (test.paused)
            guest_pause(test.guests[i]);
        else
            guest_resume(test.guests[i]);
    timer_arm(timer, now_ns + test.options.pause_ns);
}

// Types at the guests under test, and asks for ticks. What does not fit is lost; who does not listen takes no notice.
static void type(struct timer *timer, uint64_t now_ns)
{
    for (uint32_t i = 0; i < test.guest_count; i++) {
        guest_console_input(test.guests[i], test.options.input, strlen(test.options.input));
        if (test.options.tick_hz != MODULE_TICK_NONE)
            guest_ask_tick(test.guests[i], test.options.tick_hz);
    }
    timer_arm(timer, now_ns + TYPE_PERIOD_NS);
}

static void stage_over(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    if (test.stage == STAGE_SETTLE) {
        test.stage = STAGE_RUN;
        figures_take(&test.begin);
        timer_arm(&deadline, now_ns + test.options.timeout_ns);
        return;
    }
    if (test.stage == STAGE_RUN && ends_by_operator()) {
        kill_guests();
        test.stage = STAGE_WITNESS;
        timer_arm(&deadline, now_ns + witness_options.timeout_ns);
    } else {
        test.stage = STAGE_OVER;
    }
    evaluate();
}

void selftest_start(const struct boot_info *info)
{
    boot = info;
    witness_module = launch_find(info, WITNESS, &witness_options);
    timer_setup(&watcher, TIMER_MONITOR, TIMER_NO_OWNER, guest_ended);
    timer_setup(&pauser, TIMER_MONITOR, TIMER_NO_OWNER, pause_over);
    timer_setup(&typist, TIMER_MONITOR, TIMER_NO_OWNER, type);
    timer_setup(&deadline, TIMER_MONITOR, TIMER_NO_OWNER, stage_over);
    guest_watch(&watcher);
    selftest_timers_start();
}
