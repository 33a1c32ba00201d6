// SPDX-License-Identifier: BSD-2-Clause
// Guest memory access with recovery from faults.
#include "x86/user_access.h"

#include "lib/string.h"

extern uint8_t *const user_access_clac_sites[], *const user_access_clac_sites_end[];
extern uint8_t *const user_access_stac_sites[], *const user_access_stac_sites_end[];

// rep movsb leaves in rcx how many bytes are left; after a fault it resumes behind the instruction.
static bool copy(void *destination, const void *source, size_t size)
{
    user_access_open();
    asm volatile("1: rep movsb\n"
                 "2:\n\t" RECOVERY("1b", "2b")
                 : "+D"(destination), "+S"(source), "+c"(size)
                 :
                 : "memory");
    user_access_close();
    return size == 0;
}

bool user_access_write(uint64_t guest_address, const void *source, size_t size)
{
    return copy((void *)guest_address, source, size);
}

bool user_access_read(void *destination, uint64_t guest_address, size_t size)
{
    return copy(destination, (const void *)guest_address, size);
}

static void patch(uint8_t *const *sites, uint8_t *const *end, const char *instruction)
{
    for (; sites < end; sites++)
        memcpy(*sites, instruction, 3);
}

void user_access_enable_smap(void)
{
    patch(user_access_clac_sites, user_access_clac_sites_end, "\x0f\x01\xca");
    patch(user_access_stac_sites, user_access_stac_sites_end, "\x0f\x01\xcb");
}
