// SPDX-License-Identifier: BSD-2-Clause
// The idle loop: where the guest is when it has nothing to do.
#pragma once

// Runs ready threads, and halts when there are none. Called once, by the idle thread, interrupts off.
_Noreturn void idle_loop(void);
