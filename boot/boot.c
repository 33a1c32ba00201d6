// SPDX-License-Identifier: BSD-2-Clause
// From the loader's 64-bit side to hv_main(): makes the neutral boot information.
#include "boot.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "core/boot_phase.h"
#include "main.h"
#include "multiboot2.h"
#include "x86/paging.h"

#define BOOT_MAP_SIZE (4ull << 30) // start.asm maps this much

// start.asm, at its physical address, which the final page tables do not map: below it lies the TSC at the entry.
extern const uint64_t boot_stack_top[];

static struct boot_info info; // too large for the stack

void boot_main(uint32_t magic, uint32_t info_phys)
{
    const char *refusal;

    boot_phase_entry_tsc = ((const uint64_t *)phys_to_virt((uint64_t)boot_stack_top))[-1];
    if (multiboot2_parse(magic, phys_to_virt(info_phys), BOOT_MAP_SIZE - info_phys, &info, &refusal))
        refusal = NULL;
    hv_main(&info, refusal);
}
