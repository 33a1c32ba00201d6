// SPDX-License-Identifier: BSD-2-Clause
// hv/x86/entry.h in host tests: the guest is a function of the test (world.h).
#pragma once

#define entry_run entry_run_instructions
#include <x86/entry.h> // the real one, for the layout
#undef entry_run

void world_enter_guest(void);

static inline void entry_run(void)
{
    world_enter_guest();
}
