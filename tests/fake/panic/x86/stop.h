// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/stop.h in the test of the panic path: the test provides the functions.
#pragma once

#include <stdint.h>

void stop_others(void);
_Noreturn void stop_here(uint64_t rip, uint64_t rbp);
