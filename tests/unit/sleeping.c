// SPDX-License-Identifier: BSD-2-Clause
// A timer and its sleeps, on the real drivers.

#include "sleeping.h"

#include "unit.h"

#include "dev/hpet.h"
#include "dev/lapic_timer.h"
#include "dev/tsc.h"
#include "log_capture.h"
#include "time/clock.h"
#include "time/cross_check.h"
#include "x86/vectors.h"

#define LAPIC_HZ 1000000000ull
struct chip_lapic lapic;
struct chip_hpet hpet;
struct sleeper sleeper;
static struct clock_source tsc;
struct timer timer;
uint64_t expired_ns;

static void expire(struct timer *expired, uint64_t now_ns)
{
    (void)expired;
    expired_ns = now_ns;
}

void sleeping_start(enum sleep_help help)
{
    machine_reset();
    log_capture_reset();
    machine.access_ps = 10 * PS_PER_NS;
    chip_hpet_add(&hpet);
    hpet.wraps_interrupt = true;
    chip_lapic_add(&lapic, LAPIC_HZ);
    assert_true(hpet_init(CHIP_HPET_PHYS, false));
    tsc = *tsc_source();
    tsc.frequency_hz = machine.tsc_hz;
    tsc.error_ppb = 100;
    clock_init(&tsc);
    cross_check_init(hpet_source(), tsc.error_ppb);
    sleeper_add(&sleeper, &lapic, &hpet);
    struct clock_event *first = lapic_timer_event(LAPIC_HZ, machine.tsc_hz, VECTOR_LAPIC_TIMER),
                       *second = NULL;
    assert_true(timer_prepare(cpu_this()));
    timer_init(first);
    if (help != SLEEP_ALONE) {
        sleeper.hpet_vector = help == SLEEP_HANDED_OVER ? VECTOR_HPET : VECTOR_GUARD;
        assert_true(hpet_route(0, 20));
        second = hpet_event(0, sleeper.hpet_vector);
    }
    sleep_init(help, first, second);
    timer_setup(&timer, TIMER_MONITOR, TIMER_NO_OWNER, expire);
    expired_ns = 0;
}

struct sleep *sleeping_state(void)
{
    return cpu_this()->sleep;
}

uint32_t sleeping_for(uint64_t limit_ns)
{
    uint64_t programmed_ns = timer_settle();
    bool matters = sleep_matters(sleeping_state(), programmed_ns);

    if (matters)
        sleep_begin(sleeping_state(), programmed_ns);
    uint32_t vector = sleeper_wait(&sleeper, machine.now_ps + limit_ns * PS_PER_NS);
    if (matters)
        sleep_end(sleeping_state(), vector);
    if (vector == VECTOR_LAPIC_TIMER || vector == VECTOR_HPET ||
        (vector == VECTOR_GUARD && sleep_guard_interrupt()))
        timer_interrupt();
    return vector;
}

void sleeping_arm(uint64_t delay_ns)
{
    expired_ns = 0;
    timer_arm(&timer, clock_now_ns() + delay_ns);
}
