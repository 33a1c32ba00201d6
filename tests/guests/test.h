// SPDX-License-Identifier: BSD-2-Clause
// The small runtime that the test guests share. It uses the guest kernel's lowest files (start, upcalls, clock,
// console, arguments) and none of its timers and threads, so that a test sees the hypervisor itself.
//
// A test guest is one file with test_main(). It exits with what that returns: 0 is success. It starts with
// interrupts off, interrupt upcalls counted, and without an exception handler.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "clock.h"
#include "console.h"
#include "exception.h"
#include "hypercall.h"
#include "irq.h"
#include "pages.h"

// The exit codes of a test guest, apart from those that a test asks for.
#define TEST_PASSED 0
#define TEST_FAILED 1

int test_main(void);

// Prints where and what, and exits with TEST_FAILED.
_Noreturn void test_fail(const char *file, int line, const char *condition);
_Noreturn void test_fail_values(const char *file, int line, const char *expression, uint64_t actual,
                                uint64_t expected);

#define EXPECT(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, #condition))

#define EXPECT_EQUAL(actual, expected)                                                          \
    do {                                                                                        \
        uint64_t actual_ = (uint64_t)(actual), expected_ = (uint64_t)(expected);                \
                                                                                                \
        if (actual_ != expected_)                                                               \
            test_fail_values(__FILE__, __LINE__, #actual " == " #expected, actual_, expected_); \
    } while (0)

// ---- Interrupts ------------------------------------------------------------------------------------------------

// Upcalls served so far, and the clock at the last timer interrupt.
extern volatile uint64_t test_timer_count, test_doorbell_count, test_runtime_count, test_timer_ns;

// Called for each interrupt, with interrupts off, when it is not null.
extern void (*volatile test_on_interrupt)(unsigned int irq);

// Arms a one-shot and halts until it has come. Interrupts off before and after.
void test_sleep(uint64_t delay_ns);

// Spins for delay_ns by the clock. Interrupts as they are.
void test_spin(uint64_t delay_ns);

// ---- Exceptions ------------------------------------------------------------------------------------------------

// The last exception, after irq_init(true). The handler continues at test_resume_rip, which it sets back to 0;
// with 0 there only a breakpoint or a debug trap is expected and returns to where it came from.
struct test_exception {
    uint64_t count, vector, error, rip, fault_address;
};

extern volatile struct test_exception test_exception;
extern volatile uint64_t test_resume_rip;

// Stands in front of instructions that must fault, in inline assembly whose label 1 stands behind them.
#define TEST_RESUME_AT_1 "movq $1f, test_resume_rip\n"
