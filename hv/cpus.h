// SPDX-License-Identifier: BSD-2-Clause
// Starts the other CPUs of the machine.
#pragma once

struct boot_info;
struct boot_options;
struct cpu;

// Start as many of the CPUs that the firmware names as the boot line allows (cpus=), one after the other; each goes on
// in vcpu_run(). One that does not come up, or whose time stamp counter disagrees with this CPU's, is left out, and
// said. Boot CPU, once, before the first guest, interrupts off.
void cpus_start(const struct boot_info *boot, const struct boot_options *options);

// Where boot/ap_start.asm brings a CPU, on its own stack, interrupts off.
_Noreturn void cpus_ap_main(struct cpu *cpu);
