// SPDX-License-Identifier: BSD-2-Clause
// Stopping CPUs that cannot be asked any more: a panic of one stops the others, whatever they are doing.
#pragma once

#include <stdint.h>

// Stop all other CPUs by a non-maskable interrupt, and wait a moment until they have. Whether one has, and where,
// stands in its block then: cpu->stopped, cpu->stopped_rip, cpu->stopped_rbp. Context: any, after cpu_init(); one CPU
// only.
void stop_others(void);

// Stop this CPU for ever because another one wants it; it was interrupted at `rip`, where its frame pointer was `rbp`.
_Noreturn void stop_here(uint64_t rip, uint64_t rbp);
