// SPDX-License-Identifier: BSD-2-Clause
// Instructions of the hypervisor that may fault: accesses to guest memory, and to registers that some CPUs do not have.
//
// Each such instruction leaves its address and the one at which to go on in a table. The trap switch looks there
// (recovery_address) before it takes a fault in the hypervisor for a bug.
#pragma once

#include <stdint.h>

// For an asm statement: the instruction at `fault` may fault; execution then goes on at `resume`.
#define RECOVERY(fault, resume) \
    ".pushsection .recoveries, \"a\"\n\t.quad " fault ", " resume "\n\t.popsection\n\t"

// The address at which to go on after a fault at `rip`, or 0 if that instruction may not fault.
uint64_t recovery_address(uint64_t rip);
