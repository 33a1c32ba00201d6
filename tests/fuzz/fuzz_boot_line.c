// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the boot line. Whatever it says, every option keeps to its range.

#include "core/boot_line.h"

#include "core/boot_info.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[BOOT_INFO_LINE_MAX];
    struct boot_options options;
    bool flags[3];

    if (size >= sizeof(line))
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    memset(&options, 0xa5, sizeof(options));
    boot_line_parse(line, &options);
    FUZZ_CHECK(options.mode <= BOOT_MODE_FUZZ && boot_line_mode_name(options.mode) != NULL);
    FUZZ_CHECK(options.clockevent <= BOOT_CLOCKEVENT_HPET &&
               boot_line_clockevent_name(options.clockevent) != NULL);
    FUZZ_CHECK(options.clocksource <= BOOT_CLOCKSOURCE_PMTIMER && options.handover <= BOOT_HANDOVER_OFF);
    FUZZ_CHECK(options.deadman <= BOOT_DEADMAN_ALL && options.panic <= PANIC_EXIT);
    FUZZ_CHECK(options.cpus >= 1 && options.cpus <= BOOT_CPUS_ALL);
    FUZZ_CHECK(options.demo_seconds >= 1 && options.demo_seconds <= 3600);
    FUZZ_CHECK(options.demo_guests >= 1 && options.demo_guests <= 1000);
    FUZZ_CHECK(options.curve_guests >= 1 && options.curve_guests <= 10000);
    FUZZ_CHECK(options.soak_hours >= 1 && options.soak_hours <= 100000 && options.complaints <= size);
    memcpy(flags, (bool[]){ options.hpet_narrow, options.exit_debug, options.screen_off }, sizeof(flags));
    FUZZ_CHECK(flags[0] <= 1 && flags[1] <= 1 && flags[2] <= 1);
    return 0;
}
