// SPDX-License-Identifier: BSD-2-Clause
// Guest memory access with recovery from faults.
#include "x86/user_access.h"

#include "lib/string.h"

struct recovery {
    uint64_t fault, resume;
};

extern const struct recovery user_access_recoveries[], user_access_recoveries_end[];
extern uint8_t *const user_access_clac_sites[], *const user_access_clac_sites_end[];
extern uint8_t *const user_access_stac_sites[], *const user_access_stac_sites_end[];

// A three-byte no-op; on CPUs with SMAP it becomes stac or clac (also three bytes), see entry.asm.
#define SITE(section)                                                                                                  \
    "661:\n\t.byte 0x0f, 0x1f, 0x00\n\t"                                                                               \
    ".pushsection " section ", \"a\"\n\t.quad 661b\n\t.popsection\n\t"

#define RECOVERY(fault, resume) ".pushsection .recoveries, \"a\"\n\t.quad " fault ", " resume "\n\t.popsection\n\t"

static inline void open_user(void)
{
    asm volatile(SITE(".stac_sites") : : : "memory");
}

static inline void close_user(void)
{
    asm volatile(SITE(".clac_sites") : : : "memory");
}

// rep movsb leaves in rcx how many bytes are left; after a fault it resumes behind the instruction.
static bool copy(void *destination, const void *source, size_t size)
{
    open_user();
    asm volatile("1: rep movsb\n"
                 "2:\n\t" RECOVERY("1b", "2b")
                 : "+D"(destination), "+S"(source), "+c"(size)
                 :
                 : "memory");
    close_user();
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

bool user_access_write_words(uint64_t guest_address, const uint64_t *words, size_t count)
{
    open_user();
    for (size_t i = 0; i < count; i++)
        asm goto("1: movq %1, (%0)\n\t" RECOVERY("1b", "%l[fault]")
                 :
                 : "r"(guest_address + i * sizeof(uint64_t)), "r"(words[i])
                 : "memory"
                 : fault);
    close_user();
    return true;
fault:
    close_user();
    return false;
}

uint64_t user_access_recovery(uint64_t rip)
{
    for (const struct recovery *r = user_access_recoveries; r < user_access_recoveries_end; r++)
        if (r->fault == rip)
            return r->resume;
    return 0;
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
