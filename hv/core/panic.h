// SPDX-License-Identifier: BSD-2-Clause
// The end: say why, show where, stop.
//
// A panic means a bug of the hypervisor or a machine it cannot run on; a guest can never cause one. The path uses
// almost nothing: the console hook of core/log.h, the symbol table, and memory that it checks before it
// follows a pointer. A fault or a panic inside a panic is told from the first one and stops at once. All other CPUs are
// stopped first (x86/stop.h), and the report says where each was.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/trap_frame.h"

// What to do after the report.
enum panic_action {
    PANIC_HALT,   // interrupts off, halted for ever
    PANIC_REBOOT, // reset the machine
    PANIC_EXIT,   // end QEMU with the failure status, halt where that is not possible
};

// Sets the action, PANIC_HALT until then. Boot, any context.
void panic_set_action(enum panic_action action);

// What every panic from now on says beside its reason: what the machine was doing. Borrowed, and may change at any
// time. Null: nothing, as at first. Boot CPU.
void panic_set_note(const char *text);

// True from the start of a panic. A console driver that queues its output looks at it: during a panic it empties its
// queue and writes by polling, because no interrupt will come any more. Any context.
bool panic_active(void);

// Where another CPU is in a panic, stop: this CPU was at `rip`. Else return. For the handler of the NMI by which that
// CPU stops the others.
void panic_yield(uint64_t rip);

// Prints the reason and the caller's backtrace, and stops. Any context, interrupts off.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

// As panic(), for an exception of the hypervisor itself: prints the registers of `frame` and the fault address
// `cr2` too, and the backtrace of the interrupted code.
_Noreturn void panic_trap(const struct trap_frame *frame, uint64_t cr2, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Stops because of the machine, not of a bug: prints the sentence, which says the fact and the remedy, and no
// backtrace. Boot, any context.
_Noreturn void panic_machine(const char *format, ...) __attribute__((format(printf, 1, 2)));
