// SPDX-License-Identifier: BSD-2-Clause
// From the loader's 64-bit side to hv_main(): makes the neutral boot information.
#include "boot.h"

#include "core/boot_info.h"
#include "core/log.h"
#include "dev/uart.h"
#include "main.h"
#include "multiboot2.h"
#include "x86/cpu.h"
#include "x86/paging.h"

#define BOOT_MAP_SIZE (4ull << 30) // start.asm maps this much

static struct boot_info info; // too large for the stack

void boot_main(uint32_t magic, uint32_t info_phys)
{
    const char *reason;

    uart_init();
    log_set_console(uart_write);
    if (!multiboot2_parse(magic, phys_to_virt(info_phys), BOOT_MAP_SIZE - info_phys, &info, &reason)) {
        log_error(
            "the loader's boot information is unusable: %s. Boot with GRUB 2's multiboot2 command. Stopped.",
            reason);
        cpu_stop();
    }
    hv_main(&info);
}
