// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/reset.h in the test of the panic path: the test provides the function.
#pragma once

_Noreturn void reset_by_triple_fault(void);
