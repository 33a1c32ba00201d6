// SPDX-License-Identifier: BSD-2-Clause
// How long the parts of the boot take.

#include "core/boot_phase.h"

#include "core/log.h"

static const char *const names[BOOT_PHASES] = {
    [BOOT_PHASE_LOADER] = "loader", [BOOT_PHASE_CONSOLE] = "console",       [BOOT_PHASE_MEMORY] = "memory",
    [BOOT_PHASE_CLOCK] = "clock",   [BOOT_PHASE_INTERRUPTS] = "interrupts", [BOOT_PHASE_TIMER] = "timer",
    [BOOT_PHASE_CPUS] = "cpus",     [BOOT_PHASE_GUESTS] = "guests",
};

uint64_t boot_phase_entry_tsc;
uint64_t boot_phase_tsc[BOOT_PHASES];

void boot_phase_report(void)
{
    log_print("@json boot {\"entry_tsc\": %llu", (unsigned long long)boot_phase_entry_tsc);
    for (unsigned i = 0; i < BOOT_PHASES; i++)
        log_print(", \"%s\": %llu", names[i], (unsigned long long)boot_phase_tsc[i]);
    log_print("}\n");
}
