// SPDX-License-Identifier: BSD-2-Clause
// A panic in a child process, for the tests of hv/core/panic.c: it ends in the machine's last step, which leaves the
// process, and what it printed is there afterwards. The frames that a backtrace follows lie in fake_image.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86/cpu.h"

#define CODE_START 0xffffffff80200000u // from here on every address is in the function "function"

// How the child ended; apart from every status of a crash or of the sanitizer.
enum { ENDED_STOPPED = 51, ENDED_RESET, ENDED_TRIPLE_FAULT, ENDED_QEMU, ENDED_STOPPED_HERE };

extern char *panic_child_text;     // what the child has printed
extern bool symbols_panic;         // looking up a symbol panics
extern void (*symbols_hook)(void); // called in the middle of the report
extern const char *panic_in;       // so does this part of the report: "trace" or "cpus"; null: none
extern bool deaf;                  // the reset control register does nothing
extern uint64_t unreadable;        // a word of the image that is not there; 0: all are
extern struct cpu cpus[3];
extern struct cpu *here;  // the CPU that the code runs on
extern uint32_t stopping; // how many of the others stop_others() finds willing

// Room for the text; before the tests. False: there is none.
bool panic_child_init(void);

// All as at the start. For cmocka, before each test.
int panic_child_prepare(void **state);

// Runs `body` in a child. Returns how that ended.
int panic_child_run(void (*body)(void));

// Ends the child so.
_Noreturn void panic_child_leave(int how);

// Asserts that it printed `text`.
void panic_child_says(const char *text);

// How often it did.
unsigned int panic_child_count(const char *text);

// A frame at word `at` of the image: the caller's frame pointer and the return address.
void panic_child_frame(unsigned int at, uint64_t caller_rbp, uint64_t return_address);

// The address of that word.
uint64_t panic_child_word(unsigned int at);

// Panics for a page fault with this frame pointer and code segment.
void panic_child_trap(uint64_t rbp, uint64_t cs);
