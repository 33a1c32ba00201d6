// SPDX-License-Identifier: BSD-2-Clause
// Checked access to the running guest's memory.
#include "vm/guest_memory.h"

#include "x86/user_access.h"

bool guest_memory_read(void *destination, uint64_t guest_address, size_t size)
{
    return guest_memory_in_window(guest_address, size) && user_access_read(destination, guest_address, size);
}

bool guest_memory_write(uint64_t guest_address, const void *source, size_t size)
{
    return guest_memory_in_window(guest_address, size) && user_access_write(guest_address, source, size);
}
