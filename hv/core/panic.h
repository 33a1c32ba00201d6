// SPDX-License-Identifier: BSD-2-Clause
// The end: say why, show where, stop.
//
// A panic means a bug of the hypervisor or a machine it cannot run on, or that somebody wants to know what a machine
// does that answers no more (NMI); a guest can never cause one. The report: the reason, the registers, the
// backtrace, what was traced last, and of every CPU where it was, its guest, timers and interrupts; last the reason
// once more. All other CPUs are stopped first (x86/stop.h). The path uses almost nothing: the console hook of
// core/log.h, the symbol table, and memory that it checks before it follows a pointer. A fault or a panic inside a
// panic says so, and what was being printed, and stops at once; one inside that stops in silence.
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

// Where another CPU is in a panic, stop: this CPU was at `rip`, its frame pointer was `rbp` (0: not the hypervisor's).
// Else return. For the handler of the NMI by which that CPU stops the others.
void panic_yield(uint64_t rip, uint64_t rbp);

// hv/cpu_report.c provides this, for the floors above know what a CPU does: print to the console what is known of one.
// Context: in a panic, this CPU or one that has stopped or does not.
struct cpu;
void cpu_report_print(const struct cpu *cpu);

// Prints the reason and the caller's backtrace, and stops. Any context, interrupts off.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

// As panic(), for an exception of the hypervisor itself: prints the registers of `frame` and the fault address
// `cr2` too, and the backtrace of the interrupted code.
_Noreturn void panic_trap(const struct trap_frame *frame, uint64_t cr2, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Stops because of the machine, not of a bug: prints the sentence, which says the fact and the remedy, and no
// backtrace. Boot, any context.
_Noreturn void panic_machine(const char *format, ...) __attribute__((format(printf, 1, 2)));
