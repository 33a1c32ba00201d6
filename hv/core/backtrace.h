// SPDX-License-Identifier: BSD-2-Clause
// Where code is, and who called it, by name.
//
// Hypervisor code is compiled with frame pointers: [rbp] is the caller's rbp, [rbp + 8] the return address, and frames
// lie at rising addresses on one stack. Nothing is taken for granted: a frame is read only where stacks are, above the
// last one and not far from it, and what is not there ends the backtrace instead of faulting (x86/peek.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Print one line to the console: two blanks, `role`, the address, and the function that contains it, if one does:
// "  from ffffffff80203c1a vcpu_run+0x2a".
void backtrace_print_address(const char *role, uint64_t address);

// Print the return addresses of the frames from `rbp` on, the innermost first, at most 32.
void backtrace_print(uint64_t rbp);

// True where one of the hypervisor's stacks can be: a stack pointer or frame pointer that is not may be a guest's.
bool backtrace_on_stack(uint64_t address);
