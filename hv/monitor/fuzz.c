// SPDX-License-Identifier: BSD-2-Clause
// The fuzz mode: lives of hostile guests, turns of honest ones, as a chain of their ends.

#include "monitor/fuzz.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/lull.h"
#include "core/log.h"
#include "core/page_alloc.h"
#include "core/panic.h"
#include "lib/format.h"
#include "lib/fuzz_record.h"
#include "lib/histogram.h"
#include "lib/list.h"
#include "lib/string.h"
#include "lib/time.h"
#include "monitor/figures.h"
#include "monitor/follow.h"
#include "monitor/fuzz_report.h"
#include "monitor/launch.h"
#include "monitor/monitor.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "time/timer.h"
#include "vm/guest.h"
#include "vm/guest_console.h"
#include "vm/guest_reap.h"
#include "vm/guest_report.h"
#include "vm/request.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"

#define ULL(value) ((unsigned long long)(value))

#define SLOTS_MAX 16u
#define MODULES_MAX 4u
#define LIFE_OPERATIONS 2000u
#define LIFE_NS (20 * NSEC_PER_MSEC) // of the machine: a hostile guest may wait for ever
#define GAP_NS (20 * NSEC_PER_USEC)  // between two makings, so that guests of the boot CPU get on

// A place that is filled again when its guest has ended.
struct slot {
    const struct boot_module *module;
    const struct module_options *options;
    uint32_t instance;
    bool honest;
    struct guest *guest; // null: to be made
    uint64_t seed;
    struct timer limit; // of a hostile life
};

static struct {
    struct module_options options[MODULES_MAX];
    struct slot slots[SLOTS_MAX];
    uint32_t slot_count;
    uint64_t next_seed, operations_wanted, lives_wanted;
    bool show, ending;
    uint64_t free_pages; // before the first guest
    uint64_t gone_interrupts;
    struct fuzz_figures figures;
    struct timer watcher; // a guest has ended
    struct timer maker;   // an empty slot is to be filled
    const char *trouble;  // null: none so far
} fuzz;

static void blame(bool wrong, const char *trouble)
{
    if (wrong && fuzz.trouble == NULL)
        fuzz.trouble = trouble;
}

// ---- The end ----------------------------------------------------------------------------------------------------

static void judge_machine(void)
{
    blame(page_alloc_free_count() != fuzz.free_pages, "not all memory came back from the guests");
    blame(!figures_all_attributed(fuzz.gone_interrupts), "a timer interrupt is not attributed");
    blame(cross_check_violations() != 0, "the clock has stepped");
    request_hold();
    for (uint32_t i = 0; i < cpu_count; i++)
        blame(timer_wheel_check(timer_wheel(cpu_table[i])) != NULL, "the timer wheel is not sound");
    request_release();
    blame(fuzz.figures.turns == 0, "no honest guest has ended a turn");
    blame(fuzz.figures.lost > 20 + fuzz.figures.lives / 5, "too many lives are without a count");
}

static void finish(void)
{
    guest_watch(NULL);
    timer_cancel(&fuzz.maker);
    judge_machine();
    fuzz_report(&fuzz.figures);
    if (fuzz.trouble == NULL)
        log_print("fuzz: success\n");
    else
        log_print("fuzz: failure: %s\n", fuzz.trouble);
    monitor_finish(fuzz.trouble == NULL);
}

// The hostile guests are not made again from now on; the honest ones end their turn.
static void begin_ending(void)
{
    fuzz.ending = true;
    for (uint32_t i = 0; i < fuzz.slot_count; i++)
        if (fuzz.slots[i].guest != NULL && !fuzz.slots[i].honest)
            guest_stop(fuzz.slots[i].guest, "the run is over");
}

static bool enough(void)
{
    return fuzz.figures.operations >= fuzz.operations_wanted || fuzz.figures.lives >= fuzz.lives_wanted ||
           fuzz.trouble != NULL;
}

static bool all_gone(void)
{
    for (uint32_t i = 0; i < fuzz.slot_count; i++)
        if (fuzz.slots[i].guest != NULL)
            return false;
    return true;
}

// ---- One life ---------------------------------------------------------------------------------------------------

// What a panic is to say, since nobody else will be able to.
static void note_seeds(void)
{
    static char text[128];
    size_t length = (size_t)format_buffer(text, sizeof(text), "fuzz: seeds");

    for (uint32_t i = 0; i < fuzz.slot_count && length < sizeof(text); i++)
        if (!fuzz.slots[i].honest)
            length +=
                (size_t)format_buffer(text + length, sizeof(text) - length, " %llu", ULL(fuzz.slots[i].seed));
    panic_set_note(text);
}

static void make(struct slot *slot)
{
    static char arguments[LULL_ARGS_SIZE];
    const char *reason;

    if (!slot->honest) {
        slot->seed = fuzz.next_seed++;
        note_seeds();
    }
    format_buffer(arguments, sizeof(arguments), slot->honest ? "%s" : "%s seed=%llu ops=%u",
                  slot->options->arguments, ULL(slot->seed), LIFE_OPERATIONS);
    slot->guest = launch_guest(slot->module, slot->options, slot->instance, arguments, &reason);
    if (slot->guest == NULL) {
        log_error("fuzz: %s was refused: %s", slot->options->name, reason);
        fuzz.trouble = "a guest was refused";
    } else if (!slot->honest) {
        timer_arm(&slot->limit, clock_now_ns() + LIFE_NS);
    }
}

static void make_next(struct timer *timer, uint64_t now_ns)
{
    (void)now_ns;
    for (uint32_t i = 0; i < fuzz.slot_count; i++) {
        if (fuzz.slots[i].guest == NULL && !fuzz.ending) {
            make(&fuzz.slots[i]);
            timer_arm(timer, clock_now_ns() + GAP_NS);
            break;
        }
    }
    if (fuzz.trouble != NULL && !fuzz.ending)
        begin_ending();
    if (fuzz.ending && all_gone())
        finish();
}

static void end_of_hostile(struct slot *slot)
{
    const struct guest *guest = slot->guest;
    const struct lull_vcpu_page *page =
        guest->vcpu->page; // not given back yet: guest_watch() comes before that
    const struct fuzz_record *record = (const void *)((const char *)page + FUZZ_RECORD_OFFSET);
    bool found = guest->state == GUEST_EXITED && (guest->exit_code & FUZZ_FOUND_MASK) == FUZZ_FOUND;

    blame(page == NULL, "a guest's memory was given back before its end was told");
    blame(found, "a hostile guest got through");
    if (fuzz.trouble != NULL || fuzz.show)
        fuzz_report_life(guest, page != NULL ? record : NULL, slot->seed, LIFE_OPERATIONS);
    fuzz_count_life(&fuzz.figures, guest, page != NULL ? record : NULL, slot->seed, LIFE_OPERATIONS);
    timer_cancel(&slot->limit);
}

static void end_of_honest(struct slot *slot)
{
    struct guest *guest = slot->guest;
    bool well = guest->state == GUEST_EXITED && guest->exit_code == 0;

    lateness_fold(&guest->lateness, &guest->vcpu->late);
    histogram_merge(&fuzz.figures.lateness, &guest->lateness.total);
    fuzz.figures.turns += well;
    if (well)
        return;
    log_print("fuzz: honest guest %u (%s) was disturbed: exit code %llu%s\n", guest->id, guest->name,
              ULL(guest->exit_code), guest->state == GUEST_KILLED ? ", killed" : "");
    follow_show_kept(guest, "  it wrote: ");
    fuzz.trouble = "an honest guest was disturbed";
    for (uint32_t i = 0; i < fuzz.slot_count; i++)
        if (!fuzz.slots[i].honest)
            log_print("fuzz: beside it: seed %llu\n", ULL(fuzz.slots[i].seed));
}

static void judge_accounts(const struct guest *guest)
{
    struct vcpu_time time;

    vcpu_time_take(guest->vcpu, &time);
    blame(!vcpu_time_is_exact(&time), "the times in a guest's states are not the time that it lived");
    blame(guest->vcpu->stats.early_events != 0, "an event came before its deadline");
}

// Somebody types at the hostile guests, as much as may wait for one and more.
static void type(void)
{
    static const char text[] = "0123456789 abcdefghijklmnopqrstuvwxyz\n";

    for (uint32_t i = 0; i < fuzz.slot_count; i++)
        if (fuzz.slots[i].guest != NULL && !fuzz.slots[i].honest)
            while (guest_console_input(fuzz.slots[i].guest, text, sizeof(text) - 1) == sizeof(text) - 1)
                continue;
}

static void guests_ended(struct timer *timer, uint64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    for (uint32_t i = 0; i < fuzz.slot_count; i++) {
        struct slot *slot = &fuzz.slots[i];

        if (slot->guest == NULL || slot->guest->state == GUEST_ALIVE)
            continue;
        judge_accounts(slot->guest);
        if (slot->honest)
            end_of_honest(slot);
        else
            end_of_hostile(slot);
        fuzz.gone_interrupts += figures_interrupts_of(slot->guest);
        guest_destroy(slot->guest);
        slot->guest = NULL;
    }
    if (!fuzz.ending && enough())
        begin_ending();
    type();
    timer_arm(&fuzz.maker, clock_now_ns() + GAP_NS);
}

static void life_over(struct timer *timer, uint64_t now_ns)
{
    struct slot *slot = container_of(timer, struct slot, limit);

    (void)now_ns;
    guest_stop(slot->guest, "it has lived long enough");
}

// ---- The beginning ----------------------------------------------------------------------------------------------

static bool add_module(const struct boot_module *module, struct module_options *options)
{
    char error[MODULE_ERROR_MAX];

    if (!module_line_parse(module->line, options, error)) {
        log_error("fuzz: %s", error);
        return false;
    }
    if (options->expect != MODULE_EXPECT_NOTHING &&
        (options->expect != MODULE_EXPECT_EXIT || options->expect_code != 0)) {
        log_error("fuzz: %s: an honest guest has expect=exit:0, a hostile one no expect=", options->image);
        return false;
    }
    for (uint32_t i = 0; i < options->count; i++) {
        if (fuzz.slot_count == SLOTS_MAX) {
            log_error("fuzz: more than %u guests", SLOTS_MAX);
            return false;
        }
        struct slot *slot = &fuzz.slots[fuzz.slot_count++];
        slot->module = module;
        slot->options = options;
        slot->instance = i;
        slot->honest = options->expect == MODULE_EXPECT_EXIT;
        timer_setup(&slot->limit, TIMER_MONITOR, TIMER_NO_OWNER, life_over);
    }
    return true;
}

void fuzz_start(const struct boot_info *info, const struct boot_options *options)
{
    bool usable = info->module_count > 0 && info->module_count <= MODULES_MAX;

    uint32_t honest = 0;

    for (uint32_t i = 0; usable && i < info->module_count; i++)
        usable = add_module(&info->modules[i], &fuzz.options[i]);
    for (uint32_t i = 0; i < fuzz.slot_count; i++)
        honest += fuzz.slots[i].honest;
    if (!usable || honest == 0 || honest == fuzz.slot_count) {
        log_error(
            "fuzz: it needs hostile guests and honest ones, of at most %u modules, each with a sound line",
            MODULES_MAX);
        monitor_finish(false);
        return;
    }
    fuzz.next_seed = options->fuzz_seed;
    fuzz.operations_wanted = options->fuzz_ops;
    fuzz.lives_wanted = options->fuzz_lives;
    fuzz.show = options->fuzz_show;
    fuzz.free_pages = page_alloc_free_count();
    histogram_reset(&fuzz.figures.lateness);
    guest_report_set_quiet(!fuzz.show);
    timer_setup(&fuzz.watcher, TIMER_MONITOR, TIMER_NO_OWNER, guests_ended);
    timer_setup(&fuzz.maker, TIMER_MONITOR, TIMER_NO_OWNER, make_next);
    guest_watch(&fuzz.watcher);
    timer_arm(&fuzz.maker, clock_now_ns());
}
