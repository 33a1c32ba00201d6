// SPDX-License-Identifier: BSD-2-Clause
// Power-off and reboot on fake chips: what is tried, in which order, and what is said.

#include "dev/power.h"

#include "unit.h"

#include <setjmp.h>
#include <string.h>

#include "log_capture.h"
#include "machine.h"

#define PM1A 0x604u
#define PM1B 0x704u

jmp_buf machine_reset_exit;

// Writes to ports, in their order.
struct entry {
    uint16_t port;
    uint32_t value;
};

static struct entry writes[16];
static uint32_t write_count;
static uint16_t pm1[2];     // the registers at PM1A and PM1B
static bool smi_has_effect; // the firmware obeys ACPI_ENABLE

static uint16_t *pm1_of(uint64_t port)
{
    return port == PM1A ? &pm1[0] : port == PM1B ? &pm1[1] : NULL;
}

static uint32_t read_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    (void)bytes;
    (void)offset;
    uint16_t *reg = pm1_of(chip->base);
    return reg != NULL ? *reg : 0; // the keyboard controller is ready
}

static void write_port(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    (void)offset;
    (void)bytes;
    assert_true(write_count < ARRAY_SIZE(writes));
    writes[write_count++] = (struct entry){ (uint16_t)chip->base, value };
    uint16_t *reg = pm1_of(chip->base);
    if (reg != NULL)
        *reg = (uint16_t)value;
    if (chip->base == 0xb2 && value == 0xf1 && smi_has_effect)
        pm1[0] |= 1;
}

static struct machine_chip ports[] = {
    { .base = PM1A, .size = 2 },   { .base = PM1B, .size = 2 }, { .base = 0xb2, .size = 1 },
    { .base = 0xb004, .size = 2 }, { .base = 0x64, .size = 1 }, { .base = 0xcf9, .size = 1 },
};

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    write_count = 0;
    pm1[0] = pm1[1] = 0x1c00; // left over: sleep type 7, legacy mode
    smi_has_effect = true;
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        ports[i].read = read_port;
        ports[i].write = write_port;
        machine_add_ports(&ports[i]);
    }
    return 0;
}

static void assert_write(uint32_t index, uint16_t port, uint32_t value)
{
    assert_true(index < write_count);
    assert_int_equal(writes[index].port, port);
    assert_int_equal(writes[index].value, value);
}

static const struct power_config full = {
    .has_s5 = true,
    .s5_type_a = 5,
    .s5_type_b = 1,
    .pm1a_control_port = PM1A,
    .pm1b_control_port = PM1B,
    .smi_command_port = 0xb2,
    .acpi_enable = 0xf1,
    .has_reset = true,
    .reset_address = 0xcf9,
    .reset_value = 0x0f,
};

static void off_by_acpi(void **state)
{
    (void)state;
    power_init(&full);
    power_off();
    assert_write(0, 0xb2, 0xf1); // into ACPI mode first
    assert_write(1, PM1B, 1 << 10);
    assert_write(2, PM1B, 1 << 10 | 1 << 13);
    assert_write(3, PM1A, 5 << 10 | 1); // the other bits stay
    assert_write(4, PM1A, 5 << 10 | 1 | 1 << 13);
    // This machine stays on: the emulators' ports come last, and both troubles are said.
    assert_write(5, 0x604, 0x2000);
    assert_write(6, 0xb004, 0x2000);
    assert_int_equal(write_count, 7);
    assert_int_equal(log_capture_warnings, 2);
    assert_non_null(strstr(log_capture_last, "by hand"));
}

static void acpi_mode_is_not_entered_twice(void **state)
{
    (void)state;
    pm1[0] = 1;
    power_init(&full);
    power_off();
    assert_write(0, PM1B, 1 << 10);
}

static void deaf_firmware_is_not_waited_for(void **state)
{
    (void)state;
    smi_has_effect = false;
    power_init(&full);
    power_off();
    assert_true(write_count == 7); // it goes on all the same
    assert_true(machine.accesses < 1000000);
}

static void off_without_acpi(void **state)
{
    (void)state;
    power_init(&(struct power_config){ .pm1a_control_port = PM1A }); // no sleep types
    power_off();
    assert_write(0, 0x604, 0x2000);
    assert_write(1, 0xb004, 0x2000);
    assert_int_equal(write_count, 2);
}

static void reboot(const struct power_config *config)
{
    power_init(config);
    if (setjmp(machine_reset_exit) == 0)
        power_reboot();
    assert_true(machine.reset_requested); // at last the triple fault, since nothing else ends a test
}

static void reboot_tries_all(void **state)
{
    (void)state;
    reboot(&full);
    assert_write(0, 0xcf9, 0x0f);
    assert_write(1, 0x64, 0xfe);
    assert_int_equal(write_count, 2);
}

static void reboot_without_acpi(void **state)
{
    (void)state;
    reboot(&(struct power_config){ 0 });
    assert_write(0, 0x64, 0xfe);
    assert_int_equal(write_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(off_by_acpi, setup),
        cmocka_unit_test_setup(acpi_mode_is_not_entered_twice, setup),
        cmocka_unit_test_setup(deaf_firmware_is_not_waited_for, setup),
        cmocka_unit_test_setup(off_without_acpi, setup),
        cmocka_unit_test_setup(reboot_tries_all, setup),
        cmocka_unit_test_setup(reboot_without_acpi, setup),
    };
    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
