// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/cpu.h in the test of the panic path: the test provides the function.
#pragma once

_Noreturn void cpu_stop(void);
