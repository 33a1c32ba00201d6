// SPDX-License-Identifier: BSD-2-Clause
// Included ahead of every file of test_timer_wheel_bound: counts the nodes that the wheel touches in loops.

#pragma once

extern unsigned long timer_wheel_steps;

#define TIMER_WHEEL_STEP() ((void)timer_wheel_steps++)
