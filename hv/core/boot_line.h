// SPDX-License-Identifier: BSD-2-Clause
// The boot line: how the whole system is told what to do.
//
//   mode=demo clockevent=hpet exit=debug
//
// Each key has a default, and a line can only change what it spells right: an unknown key or a bad value is logged with
// what was expected, counted, and ignored. A key that comes twice counts as it came last.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/panic.h"

enum boot_mode {
    BOOT_MODE_DEMO,
    BOOT_MODE_INTERACTIVE,
    BOOT_MODE_SELFTEST,
    BOOT_MODE_BENCH,
    BOOT_MODE_CURVE,
    BOOT_MODE_SOAK,
    BOOT_MODE_ARMING,
    BOOT_MODE_FUZZ,
};

enum boot_clockevent {
    BOOT_CLOCKEVENT_AUTO,
    BOOT_CLOCKEVENT_LAPIC, // its best mode
    BOOT_CLOCKEVENT_LAPIC_ONESHOT,
    BOOT_CLOCKEVENT_TSC_DEADLINE,
    BOOT_CLOCKEVENT_HPET,
};

#define BOOT_CPUS_ALL 64

enum boot_clocksource {
    BOOT_CLOCKSOURCE_AUTO,
    BOOT_CLOCKSOURCE_TSC,
    BOOT_CLOCKSOURCE_HPET,
    BOOT_CLOCKSOURCE_PMTIMER,
};

enum boot_deadman {
    BOOT_DEADMAN_ON, // long sleeps
    BOOT_DEADMAN_OFF,
    BOOT_DEADMAN_ALL,
};

enum boot_debug {
    BOOT_DEBUG_NONE,
    BOOT_DEBUG_PAGES,
};

enum boot_handover {
    BOOT_HANDOVER_AUTO, // where the CPU has no ARAT
    BOOT_HANDOVER_ON,
    BOOT_HANDOVER_OFF,
};

struct boot_options {
    enum boot_mode mode;               // mode=demo|interactive|selftest|bench|curve|soak|arming|fuzz
    enum boot_clockevent clockevent;   // clockevent=auto|lapic|lapic-oneshot|tsc-deadline|hpet
    enum boot_clocksource clocksource; // clocksource=auto|tsc|hpet|pmtimer
    bool hpet_narrow;                  // hpet=64|32: the bits to use of its counter, where it has 64
    uint32_t cpus;                     // cpus=1..64|all: how many to run on, the boot CPU included
    enum boot_handover handover;       // handover=auto|on|off: the HPET is the timer while the CPU sleeps
    enum boot_deadman
        deadman;     // deadman=on|off|all: the HPET is set behind the timer for a long, or each, sleep
    bool exit_debug; // exit=none|debug: at the end, leave QEMU with a status
    bool screen_off; // screen=on|off: show the log on the screen too, if there is one
    uint32_t
        trace; // trace=off|all|interrupts|hypercalls|timers|scheduler|marks, or several with commas: enum
               // trace_class, recorded from the start
    uint32_t trace_records;  // trace_records=1024..4194304: kept for each CPU; the next power of two
    bool trace_dump;         // trace_dump=off|end: sent to COM2 when the work of the mode has ended
    enum boot_debug debug;   // debug=none|pages: what is checked at the price of time and memory
    bool report_json;        // report=text|json: figures as @json lines too
    uint32_t demo_seconds;   // demo_seconds=1..3600: the measured time of each phase
    uint32_t demo_guests;    // demo_guests=1..1000
    uint32_t curve_guests;   // curve_guests=1..10000: the curve's last point
    uint32_t soak_hours;     // soak_hours=1..100000: how long the soak lasts at least
    uint64_t fuzz_seed;      // fuzz_seed=1..: of the first hostile guest; each other has the next one
    uint64_t fuzz_ops;       // fuzz_ops=1..: so many operations, or
    uint64_t fuzz_lives;     // fuzz_lives=1..: so many lives of hostile guests are enough
    bool fuzz_show;          // fuzz_show=end|deaths: tell each death, with its last operations
    enum panic_action panic; // panic=halt|reboot|exit; with exit=debug the default is exit
    uint32_t complaints;     // how many words of the line were ignored
};

// The names of the values, as on the boot line.
const char *boot_line_mode_name(enum boot_mode mode);
const char *boot_line_clockevent_name(enum boot_clockevent clockevent);

// Fills `*out` from `line`, any NUL-terminated bytes. Boot, any context.
void boot_line_parse(const char *line, struct boot_options *out);
