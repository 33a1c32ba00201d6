// SPDX-License-Identifier: BSD-2-Clause
// Access to memory through the guest's own mappings, with SMAP opened for as long as it takes.
//
// A page that is missing or not writable makes the access return false instead of faulting (recovery.h). Callers check
// that the range lies in the guest window; only vm/guest_memory.c calls in. Context: the guest's address space is
// loaded, interrupts off.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/recovery.h"

// Copy `size` bytes to or from guest memory. False if some byte was not accessible; then the
// destination may hold a part. Guest ranges are plain integers, see abi/lull.h.
bool user_access_write(uint64_t guest_address, const void *source, size_t size);
bool user_access_read(void *destination, uint64_t guest_address, size_t size);

// A three-byte no-op; on CPUs with SMAP it becomes stac or clac (also three bytes), see entry.asm.
#define USER_ACCESS_SITE(section)        \
    "661:\n\t.byte 0x0f, 0x1f, 0x00\n\t" \
    ".pushsection " section ", \"a\"\n\t.quad 661b\n\t.popsection\n\t"

static inline void user_access_open(void)
{
    asm volatile(USER_ACCESS_SITE(".stac_sites") : : : "memory");
}

static inline void user_access_close(void)
{
    asm volatile(USER_ACCESS_SITE(".clac_sites") : : : "memory");
}

// Write `count` 64-bit words, ascending. The fast way for stack frames: inline, for a constant count.
static inline bool user_access_write_words(uint64_t guest_address, const uint64_t *words, size_t count)
{
    user_access_open();
    for (size_t i = 0; i < count; i++)
        asm goto("1: movq %1, (%0)\n\t" RECOVERY("1b", "%l[fault]")
                 :
                 : "r"(guest_address + i * sizeof(uint64_t)), "r"(words[i])
                 : "memory"
                 : fault);
    user_access_close();
    return true;
fault:
    user_access_close();
    return false;
}

// Turn the placeholders for stac and clac into the instructions. Called once at boot where the CPU has
// SMAP, while the hypervisor's text is still writable.
void user_access_enable_smap(void);
