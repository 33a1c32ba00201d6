// SPDX-License-Identifier: BSD-2-Clause
// The TSC's rate as the CPU states it.

#include "dev/tsc.h"

#include "unit.h"

#include "log_capture.h"
#include "machine.h"
#include "x86/features.h"

struct features features;

static void state_rate(uint32_t denominator, uint32_t numerator, uint32_t crystal_hz, uint32_t base_mhz)
{
    log_capture_reset();
    features = (struct features){ .tsc_denominator = denominator,
                                  .tsc_numerator = numerator,
                                  .crystal_hz = crystal_hz,
                                  .base_mhz = base_mhz };
}

static void as_the_manual_says(void **state)
{
    (void)state;
    state_rate(2, 192, 24000000, 2300); // CPUID 16h is off by 0.17 %, and is no reason to doubt
    assert_true(tsc_stated_hz() == 2304000000u);
    state_rate(2, 192, 24000000, 0);
    assert_true(tsc_stated_hz() == 2304000000u);
    state_rate(3, 1000, 25000000, 0); // a product beyond 32 bits
    assert_true(tsc_stated_hz() == 8333333333u);
    assert_int_equal(log_capture_warnings, 0);
}

static void nothing_stated(void **state)
{
    (void)state;
    state_rate(0, 0, 0, 2300);
    assert_true(tsc_stated_hz() == 0);
    state_rate(2, 192, 0, 2300); // the crystal is left out: CPUID 16h does not stand in for it
    assert_true(tsc_stated_hz() == 0);
    assert_int_equal(log_capture_warnings, 0);
}

static void nonsense_is_named(void **state)
{
    (void)state;
    state_rate(2, 192, 24000000, 3600);
    assert_true(tsc_stated_hz() == 0);
    assert_int_equal(log_capture_warnings, 1);
    state_rate(1, UINT32_MAX, UINT32_MAX, 0);
    assert_true(tsc_stated_hz() == 0);
    state_rate(UINT32_MAX, 1, 24000000, 0);
    assert_true(tsc_stated_hz() == 0);
    assert_int_equal(log_capture_warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_manual_says),
        cmocka_unit_test(nothing_stated),
        cmocka_unit_test(nonsense_is_named),
    };
    return cmocka_run_group_tests_name("tsc", tests, NULL, NULL);
}
