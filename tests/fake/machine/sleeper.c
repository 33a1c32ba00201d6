// SPDX-License-Identifier: BSD-2-Clause
// Pending interrupts, and sleep until the next one.

#include "sleeper.h"

// From when on the LAPIC timer stands still.
static uint64_t stop_ps(const struct sleeper *sleeper)
{
    return sleeper->lapic->stops_in_sleep ? sleeper->deep_ps : UINT64_MAX;
}

static void see(struct machine_chip *chip, uint64_t from_ps, uint64_t to_ps)
{
    struct sleeper *this = (struct sleeper *)chip;
    struct chip_lapic *lapic = this->lapic;
    uint64_t due_ps = chip_lapic_due_ps(lapic);

    if (due_ps <= to_ps && due_ps < stop_ps(this)) {
        this->pending[chip_lapic_fire(lapic)] = true;
        this->pending[0] = false; // a lost one
    }
    if (to_ps > stop_ps(this))
        lapic->started_ps += to_ps - (from_ps > stop_ps(this) ? from_ps : stop_ps(this));
    if (this->hpet != NULL && this->hpet->timers[0].interrupts != 0) {
        this->hpet->timers[0].interrupts = 0;
        this->pending[this->hpet_vector] |= this->hpet_vector != 0;
    }
    if (lapic->self_interrupts != 0) {
        lapic->self_interrupts = 0;
        this->pending[lapic->self_vector] = true;
    }
}

void sleeper_add(struct sleeper *sleeper, struct chip_lapic *lapic, struct chip_hpet *hpet)
{
    struct machine_chip **last = &machine.mmio;

    *sleeper =
        (struct sleeper){ .chip = { .advance = see }, .lapic = lapic, .hpet = hpet, .deep_ps = UINT64_MAX };
    lapic->pending = sleeper->pending;
    while (*last != NULL) // behind the others
        last = &(*last)->next;
    *last = &sleeper->chip;
}

static uint32_t take(struct sleeper *sleeper)
{
    for (uint32_t vector = 256; vector-- > 0;) {
        if (sleeper->pending[vector]) {
            sleeper->pending[vector] = false;
            sleeper->interrupts++;
            return vector;
        }
    }
    return SLEEPER_NOTHING;
}

static uint64_t next_event_ps(const struct sleeper *sleeper, uint64_t limit_ps)
{
    uint64_t next_ps = limit_ps;

    if (chip_lapic_due_ps(sleeper->lapic) < stop_ps(sleeper) && chip_lapic_due_ps(sleeper->lapic) < next_ps)
        next_ps = chip_lapic_due_ps(sleeper->lapic);
    if (sleeper->hpet != NULL && chip_hpet_due_ps(sleeper->hpet, 0) < next_ps)
        next_ps = chip_hpet_due_ps(sleeper->hpet, 0);
    return next_ps > machine.now_ps ? next_ps : machine.now_ps;
}

uint32_t sleeper_wait(struct sleeper *sleeper, uint64_t limit_ps)
{
    sleeper->deep_ps = machine.now_ps + SLEEPER_SHALLOW_PS;
    for (;;) {
        machine_advance(0); // see what has come while the CPU was busy
        uint32_t vector = take(sleeper);
        if (vector != SLEEPER_NOTHING || machine.now_ps >= limit_ps) {
            sleeper->deep_ps = UINT64_MAX;
            return vector;
        }
        machine_advance(next_event_ps(sleeper, limit_ps) - machine.now_ps);
    }
}
