// SPDX-License-Identifier: BSD-2-Clause
// Guests without a machine: all of hv/vm and hv/time runs on the host, on CPUs that take turns.
//
// With `-iquote tests/fake/world -iquote tests/fake/machine` on the command line the headers of hv/x86/ are those beside
// this file, and what they need is here. Memory is the host's, a page an allocation, so the sanitizer sees a page that
// is used after it was freed, and one that is never freed. Time is the fake machine's (machine.h). A guest is the
// function world_program: the run loop calls it where the CPU would enter the guest, and it makes hypercalls, takes
// interrupts, and returns when it must leave the guest. world_run() begins the run loop of one CPU, which never
// returns by itself: the program, or a sleep without an end, leaves it by world_stop_turn().
//
//   world_program = program; world_start(2); guest_create(...); world_run(0); world_run(1); ...; world_end();
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "vm/vcpu.h"

#define WORLD_CPUS_MAX 4u
#define WORLD_TSC_HZ 1000000000ull // one tick is a nanosecond

// What the guest that has the CPU does. Called for each entry.
extern void (*world_program)(struct vcpu *vcpu);

// A hypervisor at time 0 with so many CPUs and no guest. The pages that a guest may have are world_pages_left.
void world_start(uint32_t cpus);

// Destroys all guests and gives everything back. Returns the pages that were then still allocated: 0, or it is a bug.
uint64_t world_end(void);

// The turn of a CPU: first the interrupts that wait for it, then its run loop, until world_stop_turn() or until it
// would sleep for ever or beyond `until_ns`. Leaves the boot CPU as the one that code runs on.
void world_run(uint32_t cpu, uint64_t until_ns);

// Code that follows runs on this CPU, in the hypervisor.
void world_switch(uint32_t cpu);

// End the turn, out of the program.
_Noreturn void world_stop_turn(void);

// ---- For programs -----------------------------------------------------------------------------------------------

// A hypercall of the guest that has the CPU. False: the guest cannot simply go on, and the program must return.
bool world_hypercall(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2);

// The guest computes for so long; interrupts that come due meanwhile are served. Where the turn ends before that, it is
// over here. False: as above.
bool world_compute(uint64_t ns);

// An exception of the guest. False: as above.
bool world_exception(uint64_t vector, uint64_t error, uint64_t fault_address);

// ---- Memory -----------------------------------------------------------------------------------------------------

extern uint64_t world_pages_left; // page_alloc() gives so many more; UINT64_MAX after world_start()
extern uint64_t world_pages_used; // allocated now
extern uint64_t world_page_ns;    // that page_alloc() and page_free() take; 0 after world_start()

// Where a page of the guest window of an address space lies; null: not mapped. *writable may be null.
void *world_page(uint64_t space, uint64_t guest_address, bool *writable);

// The address space that the CPU whose turn it is has loaded; 0: none.
uint64_t world_space(void);

// All memory of this world is free again: for world_end().
void world_memory_reset(void);
