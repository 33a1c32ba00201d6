// SPDX-License-Identifier: BSD-2-Clause
// The slow, obvious twin of the timer wheel.

#include "timer_wheel_oracle.h"

void timer_wheel_oracle_init(struct timer_wheel_oracle *oracle, size_t timers)
{
    oracle->timers = timers;
    for (size_t i = 0; i < timers; i++)
        oracle->armed[i] = false;
}

void timer_wheel_oracle_arm(struct timer_wheel_oracle *oracle, size_t timer, uint64_t expiry_ns)
{
    oracle->armed[timer] = true;
    oracle->expiry_ns[timer] = expiry_ns;
}

void timer_wheel_oracle_cancel(struct timer_wheel_oracle *oracle, size_t timer)
{
    oracle->armed[timer] = false;
}

bool timer_wheel_oracle_next(const struct timer_wheel_oracle *oracle, uint64_t *next_ns)
{
    bool found = false;

    for (size_t i = 0; i < oracle->timers; i++) {
        if (oracle->armed[i] && (!found || oracle->expiry_ns[i] < *next_ns)) {
            *next_ns = oracle->expiry_ns[i];
            found = true;
        }
    }
    return found;
}
