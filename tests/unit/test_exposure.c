// SPDX-License-Identifier: BSD-2-Clause
// Unit test of x86/exposure.c: which CPUs are said to let a guest read what it may not.

#include "x86/exposure.h"

#include "unit.h"

#include <string.h>

#define RDCL_NO (1u << 0)
#define MDS_NO (1u << 5)

static const struct features intel = { .vendor = "GenuineIntel", .arch_capabilities = true };

static void intel_has_to_rule_it_out(void **state)
{
    (void)state;
    assert_int_equal(exposure_of(&intel, 0), EXPOSURE_MEMORY);
    assert_int_equal(exposure_of(&intel, ~(uint64_t)RDCL_NO), EXPOSURE_MEMORY);
    assert_int_equal(exposure_of(&intel, MDS_NO), EXPOSURE_MEMORY);
    assert_int_equal(exposure_of(&intel, RDCL_NO), EXPOSURE_BUFFERS);
    assert_int_equal(exposure_of(&intel, ~(uint64_t)MDS_NO), EXPOSURE_BUFFERS);
    assert_int_equal(exposure_of(&intel, RDCL_NO | MDS_NO), EXPOSURE_NONE);
}

static void amd_never_had_it(void **state)
{
    static const char *const vendors[] = { "AuthenticAMD", "HygonGenuine" };
    struct features cpu = { .arch_capabilities = false };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vendors); i++) {
        memcpy(cpu.vendor, vendors[i], sizeof(cpu.vendor));
        assert_int_equal(exposure_of(&cpu, 0), EXPOSURE_NONE);
    }
}

static void nobody_is_trusted_unknown(void **state)
{
    static const char *const vendors[] = { "CentaurHauls", "  Shanghai  ", "" };
    struct features cpu = { .arch_capabilities = false };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vendors); i++) {
        memcpy(cpu.vendor, vendors[i], strlen(vendors[i]) + 1);
        assert_int_equal(exposure_of(&cpu, 0), EXPOSURE_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intel_has_to_rule_it_out),
        cmocka_unit_test(amd_never_had_it),
        cmocka_unit_test(nobody_is_trusted_unknown),
    };

    return cmocka_run_group_tests_name("exposure", tests, NULL, NULL);
}
