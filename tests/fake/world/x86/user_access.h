// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/user_access.h in host tests: guest memory by the address space that is loaded (world_memory.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool user_access_write(uint64_t guest_address, const void *source, size_t size);
bool user_access_read(void *destination, uint64_t guest_address, size_t size);

static inline bool user_access_write_words(uint64_t guest_address, const uint64_t *words, size_t count)
{
    return user_access_write(guest_address, words, count * sizeof(words[0]));
}
