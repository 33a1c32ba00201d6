// SPDX-License-Identifier: BSD-2-Clause
// The table of contents of the hypervisor.
#include "main.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "core/boot_line.h"
#include "core/boot_phase.h"
#include "core/log.h"
#include "core/panic.h"
#include "cpus.h"
#include "dev/uart.h"
#include "machine.h"
#include "machine_screen.h"
#include "monitor/monitor.h"
#include "vm/sched.h"
#include "vm/time_page.h"
#include "vm/vcpu.h"
#include "vm/vcpu_time.h"
#include "x86/cpu.h"

void hv_main(const struct boot_info *boot, const char *refusal)
{
    static struct boot_options options;

    boot_phase_ends(BOOT_PHASE_LOADER);

    // This CPU, a line to speak on, and what the user wants.
    cpu_init();  // descriptors, control registers, per-CPU block
    uart_init(); // polled output on COM1, if there is one
    if (refusal == NULL)
        machine_screen_init(boot);          // the same on the screen
    log_set_console(machine_console_write); // what boot/ had to say comes out now
    if (refusal != NULL)
        panic_machine("the loader's boot information is unusable: %s; boot with GRUB 2's multiboot2 command",
                      refusal);
    boot_line_parse(boot->line, &options); // mode=, clocksource=, ...
    if (options.screen_off)
        machine_screen_stop();
    panic_set_action(options.panic);
    boot_phase_ends(BOOT_PHASE_CONSOLE);

    // The machine. From the end of this part on, timers fire (at the first sleep or guest entry).
    machine_init_memory(boot, &options); // page allocator, final page tables: write xor execute from here on
    boot_phase_ends(BOOT_PHASE_MEMORY);
    machine_say_exposure();        // what this CPU is known to leak
    machine_init_interrupts(boot); // ACPI, PIC off, local APIC, I/O APICs
    boot_phase_ends(BOOT_PHASE_INTERRUPTS);
    machine_init_clock(&options); // TSC or HPET, calibrated
    boot_phase_ends(BOOT_PHASE_CLOCK);
    machine_init_timer(&options); // LAPIC timer or HPET comparator; the timer queue
    machine_init_console();       // the serial line interrupts instead of being polled
    machine_screen_defer();       // the screen is painted by timers
    boot_phase_ends(BOOT_PHASE_TIMER);

    // Guests. From the end of this part on, there is no way back into this function.
    vcpu_time_init(machine_tsc_hz());
    if (!sched_prepare(cpu_this(), machine_tsc_hz()) || // an empty run queue
        !time_page_init())                              // what guests read the clock from
        panic_machine("memory is out before the first guest; give the machine more (QEMU: -m 512M)");
    cpus_start(boot, &options); // the other CPUs
    boot_phase_ends(BOOT_PHASE_CPUS);
    monitor_start(boot, &options); // demonstration, self-test, guests of the modules, or just a prompt
    boot_phase_ends(BOOT_PHASE_GUESTS);
    vcpu_run(); // the run loop: vm/vcpu.c
}
