// SPDX-License-Identifier: BSD-2-Clause
// The guest's memory behind its image. It is taken and never given back: what needs memory lives as long as the
// guest does.
#pragma once

#include <stddef.h>

// The lowest part of the stack that is left to the idle thread, at the top of the guest's memory.
#define MEMORY_STACK_RESERVE 16384u

void memory_init(void);

// `size` bytes of zeroed memory, aligned to 16. Panics when there is not enough. From a thread.
void *memory_take(size_t size);
