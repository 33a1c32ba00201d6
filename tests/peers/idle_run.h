// SPDX-License-Identifier: BSD-2-Clause
// The idle machine, under each hypervisor: how many hardware interrupts QEMU notes while nobody asks for any.
#pragma once

#include <stdint.h>

// Waits for so long in one call, between two breakpoints before and two behind it, which QEMU's log shows as well.
// Interrupts off.
void idle_run(uint64_t duration_ns);
