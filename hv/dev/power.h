// SPDX-License-Identifier: BSD-2-Clause
// Leaving: switching the machine off, and starting it again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What the firmware says about it; ports are I/O ports, 0 means there is none. All zeros is a valid configuration.
struct power_config {
    bool has_s5; // the sleep types of S5 are known
    uint8_t s5_type_a, s5_type_b;
    uint16_t pm1a_control_port, pm1b_control_port;
    uint16_t smi_command_port; // with acpi_enable: how to take the chip set out of legacy mode
    uint8_t acpi_enable;
    bool has_reset;
    bool reset_in_memory; // reset_address is physical memory, else an I/O port
    uint64_t reset_address;
    uint8_t reset_value;
};

// Keep the configuration, and map the reset register if it is in memory. Boot, interrupts off.
void power_init(const struct power_config *config);

// Switch off: by ACPI S5, else by the ports of QEMU and Bochs, and says so. Returns only where nothing worked, after
// saying that too; the caller then halts. Context: interrupts off.
void power_off(void);

// Start again: by the ACPI reset register, else the keyboard controller, else a triple fault. Context: interrupts off.
_Noreturn void power_reboot(void);
