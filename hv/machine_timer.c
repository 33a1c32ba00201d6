// SPDX-License-Identifier: BSD-2-Clause
// Boot-time decisions about timer chips: which one makes each CPU's timer interrupts, and which one helps it in its
// sleep.
#include "machine_timer.h"

#include "core/boot_line.h"
#include "core/log.h"
#include "core/panic.h"
#include "dev/clock_event.h"
#include "dev/clock_source.h"
#include "dev/hpet.h"
#include "dev/ioapic.h"
#include "dev/lapic_timer.h"
#include "dev/tsc_deadline.h"
#include "lib/bits.h"
#include "lib/time.h"
#include "machine.h"
#include "time/clock.h"
#include "time/sleep.h"
#include "time/timer.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/lapic.h"
#include "x86/vectors.h"

static struct machine_clocks clocks;
static enum boot_clockevent event_kind; // that was chosen; not BOOT_CLOCKEVENT_AUTO
static enum sleep_help help;            // that was chosen, for the CPUs that have a comparator

void machine_timer_take(const struct machine_clocks *found)
{
    clocks = *found;
}

bool machine_has_cpu_timers(void)
{
    return event_kind != BOOT_CLOCKEVENT_HPET;
}

// Route a comparator to a pin of its own, from the highest down: the low ones are shared with ISA devices.
static bool route_hpet(uint32_t index, uint8_t vector)
{
    static uint32_t taken; // bit per GSI: by another comparator
    uint32_t routes = hpet_routes(index) & ~taken;
    struct ioapic_route route = { .vector = vector, .lapic_id = lapic_id() };

    for (route.gsi = 32; route.gsi-- > 0;) {
        if ((routes & BIT(route.gsi)) != 0 && ioapic_has_gsi(route.gsi) && hpet_route(index, route.gsi) &&
            ioapic_route(&route)) {
            taken |= (uint32_t)BIT(route.gsi);
            return true;
        }
    }
    return false;
}

// The comparator of this CPU. Null: there is none for it, or it cannot interrupt.
static struct clock_event *hpet_own_event(uint8_t vector)
{
    uint32_t index = cpu_this()->id;

    return clocks.hpet != NULL && index < hpet_comparator_count() && route_hpet(index, vector)
               ? hpet_event(index, vector)
               : NULL;
}

// What can help the LAPIC timer while the CPU sleeps: without ARAT it may stop in deep sleep states, and then it is not
// enough to be behind it.
static enum sleep_help choose_help(const struct boot_options *options)
{
    bool may_stop =
        options->handover == BOOT_HANDOVER_AUTO ? !features.arat : options->handover == BOOT_HANDOVER_ON;

    if (may_stop)
        return SLEEP_HANDED_OVER;
    return options->deadman == BOOT_DEADMAN_OFF   ? SLEEP_ALONE
           : options->deadman == BOOT_DEADMAN_ALL ? SLEEP_GUARDED_ALL
                                                  : SLEEP_GUARDED;
}

// Let this CPU's comparator, if it has one, help as chosen.
static void init_sleep(struct clock_event *event)
{
    struct clock_event *second = NULL;

    if (help != SLEEP_ALONE)
        second = hpet_own_event(help == SLEEP_HANDED_OVER ? VECTOR_HPET : VECTOR_GUARD);
    sleep_init(second == NULL ? SLEEP_ALONE : help, event, second);
}

static void say_help(void)
{
    enum sleep_help present = cpu_this()->sleep->help;

    if (present == SLEEP_GUARDED || present == SLEEP_GUARDED_ALL)
        log_info("sleep: the HPET is set behind the LAPIC timer, on up to %u CPUs", hpet_comparator_count());
    if (present == SLEEP_HANDED_OVER)
        log_info("sleep: the HPET takes the LAPIC timer's place, on up to %u CPUs", hpet_comparator_count());
    if (present == SLEEP_ALONE && help == SLEEP_HANDED_OVER)
        log_warn(
            "the LAPIC timer of this CPU may stop in deep sleep states (no ARAT), and no HPET can take its "
            "place; if events come late, forbid states deeper than C1 in the firmware's setup");
}

// The TSC's frequency if the local APIC timer may be set by it: the clock counts it, and it is not much the slower of
// the two.
static uint64_t lapic_timer_tsc_hz(void)
{
    return clock_is_tsc() && clocks.lapic_counter->frequency_hz / clocks.tsc->frequency_hz < 8
               ? clocks.tsc->frequency_hz
               : 0;
}

// The same, if need be in the PIT's place.
static struct clock_event *hpet_clock_event(void)
{
    struct clock_event *event = hpet_own_event(VECTOR_HPET);
    struct ioapic_route route = { .gsi = clocks.pit_gsi, .vector = VECTOR_HPET, .lapic_id = lapic_id() };

    if (event == NULL && clocks.hpet != NULL && hpet_route_legacy() && ioapic_route(&route)) {
        log_warn("the HPET offers no pin of its own: it takes the place of the PIT (legacy replacement)");
        event = hpet_event(0, VECTOR_HPET);
    }
    return event;
}

// Null: the LAPIC timer cannot be used in this mode.
static struct clock_event *tsc_deadline_clock_event(bool asked_for)
{
    const char *trouble =
        clock_is_tsc() ? tsc_deadline_trouble() : "it counts the TSC, and the clock does not";

    if (trouble == NULL) {
        event_kind = BOOT_CLOCKEVENT_TSC_DEADLINE;
        return tsc_deadline_event(clocks.tsc->frequency_hz, VECTOR_LAPIC_TIMER);
    }
    if (asked_for)
        log_warn("clockevent=tsc-deadline: %s; using the one-shot mode", trouble);
    return NULL;
}

static struct clock_event *lapic_clock_event(enum boot_clockevent wanted)
{
    struct clock_event *event = NULL;

    if (wanted != BOOT_CLOCKEVENT_LAPIC_ONESHOT)
        event = tsc_deadline_clock_event(wanted == BOOT_CLOCKEVENT_TSC_DEADLINE);
    if (event == NULL && clocks.lapic_counter->frequency_hz != 0) {
        event_kind = BOOT_CLOCKEVENT_LAPIC_ONESHOT;
        event =
            lapic_timer_event(clocks.lapic_counter->frequency_hz, lapic_timer_tsc_hz(), VECTOR_LAPIC_TIMER);
    }
    return event;
}

void machine_init_timer(const struct boot_options *options)
{
    bool hpet_first = options->clockevent == BOOT_CLOCKEVENT_HPET;

    event_kind = BOOT_CLOCKEVENT_HPET;
    struct clock_event *event = hpet_first ? hpet_clock_event() : lapic_clock_event(options->clockevent);

    if (event == NULL) {
        log_warn("clockevent=%s: it cannot be used here; trying the other one",
                 boot_line_clockevent_name(options->clockevent));
        event = hpet_first ? lapic_clock_event(BOOT_CLOCKEVENT_AUTO) : hpet_clock_event();
    }
    if (event == NULL)
        panic_machine(
            "neither the LAPIC timer nor an HPET comparator can be used: no timer event could ever fire");
    if (!timer_prepare(cpu_this()))
        panic_machine("memory is out while making the timer queue; give the machine more (QEMU: -m 512M)");
    timer_init(event);
    help = event_kind == BOOT_CLOCKEVENT_HPET ? SLEEP_ALONE : choose_help(options);
    init_sleep(event);
    say_help();
    log_info("timer events: %s, up to %llu s ahead", event->name,
             (unsigned long long)(event->max_delay_ns / NSEC_PER_SEC));
}

const char *machine_init_cpu(void)
{
    if (lapic_init() != NULL)
        return "has a local APIC that cannot be switched on";
    struct clock_event *event =
        event_kind == BOOT_CLOCKEVENT_TSC_DEADLINE
            ? tsc_deadline_event(clocks.tsc->frequency_hz, VECTOR_LAPIC_TIMER)
            : lapic_timer_event(clocks.lapic_counter->frequency_hz, lapic_timer_tsc_hz(), VECTOR_LAPIC_TIMER);
    timer_init(event);
    init_sleep(event);
    return NULL;
}
