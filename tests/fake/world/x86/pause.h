// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/pause.h in host tests of several CPUs: who waits for another CPU lets it have its turn.
#pragma once

void world_let_others(void);

static inline void pause(void)
{
    world_let_others();
}
