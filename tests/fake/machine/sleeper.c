// SPDX-License-Identifier: BSD-2-Clause
// Pending interrupts, and sleep until the next one.

#include "sleeper.h"

static void see(struct machine_chip *chip, uint64_t from_ps, uint64_t to_ps)
{
    struct sleeper *this = (struct sleeper *)chip;
    struct chip_lapic *lapic = this->lapic;

    if (this->asleep && lapic->stops_in_sleep) {
        lapic->started_ps += to_ps - from_ps;
    } else if (chip_lapic_due_ps(lapic) <= to_ps) {
        this->pending[chip_lapic_fire(lapic)] = true;
        this->pending[0] = false; // a lost one
    }
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

    *sleeper = (struct sleeper){ .chip = { .advance = see }, .lapic = lapic, .hpet = hpet };
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

    if (!sleeper->lapic->stops_in_sleep && chip_lapic_due_ps(sleeper->lapic) < next_ps)
        next_ps = chip_lapic_due_ps(sleeper->lapic);
    if (sleeper->hpet != NULL && chip_hpet_due_ps(sleeper->hpet, 0) < next_ps)
        next_ps = chip_hpet_due_ps(sleeper->hpet, 0);
    return next_ps > machine.now_ps ? next_ps : machine.now_ps;
}

uint32_t sleeper_wait(struct sleeper *sleeper, uint64_t limit_ps)
{
    sleeper->asleep = true;
    for (;;) {
        machine_advance(0); // see what has come while the CPU was busy
        uint32_t vector = take(sleeper);
        if (vector != SLEEPER_NOTHING || machine.now_ps >= limit_ps) {
            sleeper->asleep = false;
            return vector;
        }
        machine_advance(next_event_ps(sleeper, limit_ps) - machine.now_ps);
    }
}
