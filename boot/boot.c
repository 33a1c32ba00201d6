// SPDX-License-Identifier: BSD-2-Clause
// From the loader's 64-bit side to hv_main(): makes the neutral boot information.
#include "boot.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "main.h"
#include "multiboot2.h"
#include "x86/paging.h"

#define BOOT_MAP_SIZE (4ull << 30) // start.asm maps this much

static struct boot_info info; // too large for the stack

void boot_main(uint32_t magic, uint32_t info_phys)
{
    const char *refusal;

    if (multiboot2_parse(magic, phys_to_virt(info_phys), BOOT_MAP_SIZE - info_phys, &info, &refusal))
        refusal = NULL;
    hv_main(&info, refusal);
}
