// SPDX-License-Identifier: BSD-2-Clause
// The guest's memory behind its image. What is given back can be taken again in blocks of the same size only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The lowest part of the stack that is left to the idle thread, at the top of the guest's memory.
#define MEMORY_STACK_RESERVE 16384u

void memory_init(void);

// `size` bytes of zeroed memory, not 0, aligned to 16. Panics when there is not enough. From a thread.
void *memory_take(size_t size);

// True when memory_take() has so much now. From a thread.
bool memory_fits(size_t size);

// Gives back what memory_take() gave for this size. Its first two words are overwritten. From a thread.
void memory_give(void *taken, size_t size);

// Bytes that were never taken. Any context.
uint64_t memory_left(void);
