// SPDX-License-Identifier: BSD-2-Clause
// The line of a module: which guests to make of its image.
//
//   guest count=10 mem=1M name=web -- hz=1000 work=demo
//
// The first word names the module. What follows ` -- ` is the guest's own, passed on as it stands. A wrong value of a
// key here refuses the module, because a guest with other memory or in another number than was asked for is not the
// guest that was asked for; so does a key that is given twice. An unknown key is logged and ignored.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/lull.h"
#include "core/boot_info.h"
#include "vm/guest_restart.h"

#define MODULE_NAME_SIZE 32
#define MODULE_EXPECT_WORD_SIZE 32
#define MODULE_INPUT_SIZE 32
#define MODULE_TICK_NONE UINT32_MAX
#define MODULE_ERROR_MAX 320

// What the self-test expects of a guest.
enum module_expect {
    MODULE_EXPECT_NOTHING, // no expect= on the line
    MODULE_EXPECT_EXIT,    // expect=exit:CODE
    MODULE_EXPECT_KILL,    // expect=kill:REASON; kill:operator is how the self-test ends it after timeout=
    MODULE_EXPECT_SILENCE, // expect=silence: it lives, and for timeout= no hardware interrupt comes
};

struct module_options {
    char image[MODULE_NAME_SIZE]; // the first word
    char name[MODULE_NAME_SIZE];  // name=, else the first word; no number, and not `all`
    uint32_t count;               // count=1..10000, 1 unless given
    uint64_t memory_bytes;        // mem=4K..512M, 256K unless given; whole pages: the guest's RAM
    uint64_t timeout_ns; // timeout=1ms..1000s, 10 s unless given: for the self-test, in the machine's time
    uint64_t pause_ns; // pause=10us..10s, 0 unless given: the self-test pauses and resumes it, every so long
    char input[MODULE_INPUT_SIZE]; // input=, none unless given: the self-test types it, every millisecond
    uint32_t
        tick_hz; // tick=0..100000, MODULE_TICK_NONE unless given: the self-test asks for it, every millisecond
    uint32_t cpu;    // cpu=0..63: the only CPU that it may run on; GUEST_CPU_ANY unless given
    uint32_t weight; // weight=1..10000, 100 unless given: its share of a CPU that others want too
    enum guest_restart_policy restart; // restart=never|on-failure|always, never unless given
    enum module_expect expect;
    uint64_t expect_code;                        // MODULE_EXPECT_EXIT
    char expect_reason[MODULE_EXPECT_WORD_SIZE]; // MODULE_EXPECT_KILL: a word of the kill reasons
    char arguments[LULL_ARGS_SIZE];              // what follows ` -- `
};

// Reads a module's line. False where the module is refused; `error` then says why. Boot, any context.
bool module_line_parse(const char line[BOOT_INFO_LINE_MAX], struct module_options *out,
                       char error[MODULE_ERROR_MAX]);

// The same for a line that somebody types, of less than BOOT_INFO_LINE_MAX characters: an unknown key refuses it too.
bool module_line_parse_typed(const char *line, struct module_options *out, char error[MODULE_ERROR_MAX]);
