// SPDX-License-Identifier: BSD-2-Clause
// The I/O APIC driver on two fake chips.

#include "dev/ioapic.h"

#include "unit.h"

#include <string.h>

#include "log_capture.h"
#include "machine.h"

#define PINS 24u

static struct ioapic_chip {
    struct machine_chip chip;
    uint32_t version, index;
    uint32_t redirect[2 * PINS];
    bool half_written; // a pin was unmasked while its halves did not belong together
} chips[2];

static uint32_t read_reg(struct machine_chip *chip, uint32_t offset, unsigned int bytes)
{
    struct ioapic_chip *ioapic = (struct ioapic_chip *)chip;
    (void)bytes;
    assert_int_equal(offset, 0x10);
    return ioapic->index >= 0x10 ? ioapic->redirect[ioapic->index - 0x10] : ioapic->version;
}

static void write_reg(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value)
{
    struct ioapic_chip *ioapic = (struct ioapic_chip *)chip;
    (void)bytes;
    if (offset == 0) {
        ioapic->index = value;
        return;
    }
    assert_in_range(ioapic->index, 0x10, 0x10 + 2 * PINS - 1);
    uint32_t at = ioapic->index - 0x10;
    if ((at & 1) != 0 && (ioapic->redirect[at - 1] & 1u << 16) == 0)
        ioapic->half_written = true;
    ioapic->redirect[at] = value;
}

static int setup(void **state)
{
    (void)state;
    machine_reset();
    log_capture_reset();
    for (uint32_t i = 0; i < 2; i++) {
        chips[i] = (struct ioapic_chip){
            .chip = { .base = 0xfec00000 + i * 0x1000, .size = 0x20, .read = read_reg, .write = write_reg },
            .version = (PINS - 1) << 16 | 0x20,
        };
        machine_add_mmio(&chips[i].chip);
    }
    return 0;
}

// The driver keeps its chips for ever, so all of this is one test.
static void routes_by_gsi(void **state)
{
    (void)state;
    assert_false(ioapic_has_gsi(0));
    assert_false(ioapic_add(0x1000, 0)); // nothing there
    assert_non_null(strstr(log_capture_last, "0xffffffff"));
    assert_true(ioapic_add(0xfec00000, 0));
    assert_true(ioapic_add(0xfec01000, PINS));
    for (uint32_t pin = 0; pin < PINS; pin++) { // the last one too: the chip states its index, not the number
        assert_int_equal(chips[0].redirect[2 * pin], 1 << 16);
        assert_int_equal(chips[1].redirect[2 * pin], 1 << 16);
    }
    assert_true(ioapic_has_gsi(0) && ioapic_has_gsi(23) && ioapic_has_gsi(24) && ioapic_has_gsi(47));
    assert_false(ioapic_has_gsi(48));

    assert_true(ioapic_route(&(struct ioapic_route){ .gsi = 2, .vector = 0x31, .lapic_id = 3 }));
    assert_int_equal(chips[0].redirect[4], 0x31);
    assert_int_equal(chips[0].redirect[5], 3u << 24);
    assert_true(ioapic_route(&(struct ioapic_route){
        .gsi = 47, .vector = 0x40, .lapic_id = 0xff, .active_low = true, .level = true }));
    assert_int_equal(chips[1].redirect[46], 0x40 | 1 << 13 | 1 << 15);
    assert_int_equal(chips[1].redirect[47], 0xff000000);
    assert_false(ioapic_route(&(struct ioapic_route){ .gsi = 48, .vector = 0x31 }));
    // Routing anew while it is live: masked in between.
    assert_true(ioapic_route(&(struct ioapic_route){ .gsi = 2, .vector = 0x50, .lapic_id = 7 }));
    assert_false(chips[0].half_written || chips[1].half_written);

    ioapic_mask(47);
    assert_int_equal(chips[1].redirect[46], 0x40 | 1 << 13 | 1 << 15 | 1 << 16);
    ioapic_unmask(47);
    assert_int_equal(chips[1].redirect[46], 0x40 | 1 << 13 | 1 << 15);
    expect_assert_failure(ioapic_mask(48));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(routes_by_gsi, setup),
    };
    return cmocka_run_group_tests_name("ioapic", tests, NULL, NULL);
}
