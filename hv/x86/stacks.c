// SPDX-License-Identifier: BSD-2-Clause
// The memory of the hypervisor's stacks. each object is page aligned.
#include "x86/stacks.h"

#define STACK __attribute__((section(".bss.stacks"), aligned(4096)))

STACK struct stacks_main stacks_boot_cpu;
STACK struct stacks_ist stacks_debug;
STACK struct stacks_ist stacks_double_fault;
STACK struct stacks_ist stacks_nmi;
STACK struct stacks_ist stacks_machine_check;
