// SPDX-License-Identifier: BSD-2-Clause
// Power-off and reset. ACPI Specification 6.4: 4.8.3.2.1 PM1 control, 4.8.3.6 reset register, 7.4.3.5 S5, 16.1.6.

#include "dev/power.h"

#include <stddef.h>

#include "core/log.h"
#include "x86/io.h"
#include "x86/paging.h"
#include "x86/reset.h"

// clang-format off
// PM1 control register, at the ports of the configuration.
#define PM1_SCI_ENABLED  (1u << 0) // ACPI mode; the other way round the firmware owns the chip
#define PM1_SLEEP_SHIFT  10
#define PM1_SLEEP_TYPE   (7u << PM1_SLEEP_SHIFT)
#define PM1_SLEEP        (1u << 13)

#define KEYBOARD_STATUS_PORT 0x64
#define   KEYBOARD_STATUS_FULL (1u << 1) // the controller has not taken the last byte yet
#define KEYBOARD_COMMAND_PORT 0x64
#define   KEYBOARD_COMMAND_RESET 0xfeu // pulse the CPU's reset line

// What emulators without ACPI tables listen to.
#define QEMU_OFF_PORT  0x604
#define BOCHS_OFF_PORT 0xb004
#define   EMULATOR_OFF 0x2000u
// clang-format on

#define WAIT_READS 100000u // of a port, about 0.1 s on hardware

static struct power_config config;
static volatile uint8_t *reset_register;

// Give the machine a while to go, by reads of a port that does no harm.
static void wait(void)
{
    for (uint32_t reads = 0; reads < WAIT_READS; reads++)
        io_in8(KEYBOARD_STATUS_PORT);
}

void power_init(const struct power_config *from)
{
    config = *from;
    reset_register = NULL;
    if (config.has_reset && config.reset_in_memory)
        reset_register = paging_map(config.reset_address, sizeof(*reset_register), PAGING_UNCACHED);
}

// The firmware may have left the chip in legacy mode, in which it does not obey PM1 control.
static void enter_acpi_mode(void)
{
    if ((io_in16(config.pm1a_control_port) & PM1_SCI_ENABLED) != 0 || config.smi_command_port == 0 ||
        config.acpi_enable == 0)
        return;
    io_out8(config.smi_command_port, config.acpi_enable);
    for (uint32_t reads = 0; reads < WAIT_READS; reads++)
        if ((io_in16(config.pm1a_control_port) & PM1_SCI_ENABLED) != 0)
            return;
}

static void sleep(uint16_t port, uint8_t type)
{
    uint32_t value = (io_in16(port) & ~(PM1_SLEEP_TYPE | PM1_SLEEP)) | (uint32_t)type << PM1_SLEEP_SHIFT;
    io_out16(port, (uint16_t)value);
    io_out16(port, (uint16_t)(value | PM1_SLEEP));
}

void power_off(void)
{
    if (config.has_s5 && config.pm1a_control_port != 0) {
        enter_acpi_mode();
        if (config.pm1b_control_port != 0)
            sleep(config.pm1b_control_port, config.s5_type_b);
        sleep(config.pm1a_control_port, config.s5_type_a);
        wait();
        log_warn("power: the machine did not go off by ACPI; trying the ports of QEMU and Bochs");
    } else {
        log_warn("power: ACPI does not say how to switch off; trying the ports of QEMU and Bochs");
    }
    io_out16(QEMU_OFF_PORT, EMULATOR_OFF);
    io_out16(BOCHS_OFF_PORT, EMULATOR_OFF);
    wait();
    log_error("power: the machine cannot be switched off from here; switch it off by hand");
}

static void reset_by_register(void)
{
    if (reset_register != NULL)
        *reset_register = config.reset_value;
    else
        io_out8((uint16_t)config.reset_address, config.reset_value);
    wait();
}

_Noreturn void power_reboot(void)
{
    if (config.has_reset)
        reset_by_register();
    for (uint32_t reads = 0; reads < WAIT_READS; reads++)
        if ((io_in8(KEYBOARD_STATUS_PORT) & KEYBOARD_STATUS_FULL) == 0)
            break;
    io_out8(KEYBOARD_COMMAND_PORT, KEYBOARD_COMMAND_RESET);
    wait();
    reset_by_triple_fault();
}
