// SPDX-License-Identifier: BSD-2-Clause
// Checked access to the running guest's memory.
#include "vm/guest_memory.h"

#include "abi/lull.h"
#include "x86/user_access.h"

bool guest_memory_in_window(uint64_t guest_address, size_t size)
{
    // The first comparison bounds the address, so the subtraction of the second cannot wrap.
    return guest_address >= LULL_WINDOW_START && guest_address <= LULL_WINDOW_END &&
           size <= LULL_WINDOW_END - guest_address;
}

bool guest_memory_read(void *destination, uint64_t guest_address, size_t size)
{
    return guest_memory_in_window(guest_address, size) && user_access_read(destination, guest_address, size);
}

bool guest_memory_write(uint64_t guest_address, const void *source, size_t size)
{
    return guest_memory_in_window(guest_address, size) && user_access_write(guest_address, source, size);
}

bool guest_memory_write_words(uint64_t guest_address, const uint64_t *words, size_t count)
{
    return guest_memory_in_window(guest_address, count * sizeof(uint64_t)) &&
           user_access_write_words(guest_address, words, count);
}
