// SPDX-License-Identifier: BSD-2-Clause
// `top`: the guests that use most CPU time, on one screen, drawn anew while it is shown.
//
// A drawing looks at all guests, TOP_STEP of them at a time, each step an expiry of a timer with a pause behind it, so
// that thousands of guests delay no event by more than a step; it keeps as many as the screen has rows for, in order,
// and writes them. The next one begins after the interval, by the same timer, or at once by Space or Enter. While top
// is not shown no timer is armed and nothing is counted for it.
//
//   top 5:  screen cleared, size asked -> looks -> drawn -> 5 s -> looks -> drawn ... q -> the prompt, below the last
//
// Context of everything here: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TOP_SECONDS 2u
#define TOP_SECONDS_MAX 3600u
#define TOP_STEP 64u

// Shows it; seconds: between two drawings, 0 for none of its own. Goes on by a timer until `q`.
void top_start(uint32_t seconds);

bool top_active(void);

// Takes a byte while it is shown: Space and Enter draw, q and Ctrl-C end it. False, and not taken, otherwise.
bool top_input(char byte);
