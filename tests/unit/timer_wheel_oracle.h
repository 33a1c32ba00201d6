// SPDX-License-Identifier: BSD-2-Clause
// The slow, obvious twin of the timer wheel: an array of expiries, searched from end to end.
//
// Timers are known by their index. The oracle says what must happen; where it leaves a choice
// (which of several timers of equal expiry comes out first) the test asks for the property instead.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORACLE_TIMERS_MAX 4096

struct timer_wheel_oracle {
    size_t timers;
    bool armed[ORACLE_TIMERS_MAX];
    uint64_t expiry_ns[ORACLE_TIMERS_MAX];
};

/* An oracle of `timers` (at most ORACLE_TIMERS_MAX) timers, none armed. */
void timer_wheel_oracle_init(struct timer_wheel_oracle *oracle, size_t timers);

void timer_wheel_oracle_arm(struct timer_wheel_oracle *oracle, size_t timer, uint64_t expiry_ns);

void timer_wheel_oracle_cancel(struct timer_wheel_oracle *oracle, size_t timer);

/* True when a timer is armed, with the earliest expiry in *next_ns. */
bool timer_wheel_oracle_next(const struct timer_wheel_oracle *oracle, uint64_t *next_ns);
