// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/reset.h in host tests: notes the reset and leaves the test by its back door.
#pragma once

#include <setjmp.h>

#include "machine.h"

extern jmp_buf machine_reset_exit; // defined and set by the test

static inline _Noreturn void reset_by_triple_fault(void)
{
    machine.reset_requested = true;
    longjmp(machine_reset_exit, 1);
}
