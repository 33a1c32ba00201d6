// SPDX-License-Identifier: BSD-2-Clause
// A fake HPET with the faults that real ones have.
#pragma once

#include "machine.h"

#define CHIP_HPET_TIMERS 3u

struct chip_hpet_timer {
    // What it is; to be set before use.
    uint32_t routes;
    bool has_64bit;

    // What the driver did.
    uint32_t config;
    uint64_t comparator;
    uint64_t effective_count; // the comparator matches counts above this one

    // What came of it. The comparator of a one-shot timer stays in force, so it matches once more in every circle of
    // the counter: those before the latest comparator write are not counted here.
    uint32_t interrupts;
    uint64_t first_ps; // time of the first of them
};

struct chip_hpet {
    struct machine_chip chip;

    // What it is; to be set before use.
    uint32_t capabilities; // register 0x000, lower half
    uint32_t period_fs;
    uint64_t start_count;  // the counter at time 0
    bool stuck;            // the counter does not move
    bool route_is_ignored; // a chosen route does not stick
    uint32_t latch_ticks;  // a written comparator works only so many ticks later
    bool stale_read_back;  // a comparator shows the value before the last one
    bool wraps_interrupt;  // in 32 bits a timer also interrupts when they wrap, as 2.3.9.2.1 has it
    uint32_t lose;         // so many interrupts from now on do not arrive
    uint64_t old_comparator;
    void (*meanwhile)(
        void); // once, when the counter has been read and the reader has not got it: another CPU's turn

    uint32_t config;
    struct chip_hpet_timer timers[CHIP_HPET_TIMERS];
};

#define CHIP_HPET_PHYS 0xfed00000u
#define CHIP_HPET_CAP_USUAL 0x8086a201u  // revision 1, 3 timers, 64 bits, legacy routes
#define CHIP_HPET_CAP_NARROW 0x80868201u // the same with 32 bits
#define CHIP_HPET_PERIOD_QEMU 10000000u  // 10 ns
#define CHIP_HPET_PERIOD_PC 69841279u    // 14.31818 MHz

// A sound chip of 64 bits, put into the machine.
void chip_hpet_add(struct chip_hpet *hpet);

// The counter now.
uint64_t chip_hpet_count(const struct chip_hpet *hpet);

// When this timer interrupts next, if nothing is written; UINT64_MAX: never.
uint64_t chip_hpet_due_ps(const struct chip_hpet *hpet, uint32_t timer);
