// SPDX-License-Identifier: BSD-2-Clause
// The self-test: tests inside the hypervisor, then each module as a guest that must do as its line says.
//
//   selftest: timer-queue: success: 49 timers in order, none early
//   selftest: bad_instruction: success: killed: exception-gp
//   selftest: 2 passed, 0 failed
//
// Four verdicts: success; failure, the product is broken; error, the test is broken (its line says nothing to expect);
// skip, this machine cannot pose the question. Errors and failures count as failed.
//
// Beside each guest under test runs the honest guest of the module named `witness`, if there is one: whatever the
// first one does, the witness must exit with code 0. Only expect=silence has no witness. Times are the machine's own.
#pragma once

#include <stdarg.h>

#include "core/boot_info.h"

enum selftest_verdict { SELFTEST_SUCCESS, SELFTEST_SKIP, SELFTEST_ERROR, SELFTEST_FAILURE };

// Begins; goes on by timers and ends in monitor_finish(). Interrupts off.
void selftest_start(const struct boot_info *info);

// For the tests inside the hypervisor: writes the verdict of one of them and counts it.
void selftest_report(const char *name, enum selftest_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// For the tests inside the hypervisor: goes on with the next test.
void selftest_next(void);
