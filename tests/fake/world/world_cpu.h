// SPDX-License-Identifier: BSD-2-Clause
// The CPUs of the world, for the files of this folder.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dev/clock_event.h"
#include "vm/vcpu.h"
#include "world.h"
#include "x86/cpu.h"

struct turn_cpu {
    struct cpu cpu;
    struct clock_event event;
    uint64_t armed_tsc; // UINT64_MAX: not armed
    bool kicked;
    bool asleep; // its turn has ended inside the idle sleep
    struct fpu_state fpu;
};

extern struct turn_cpu world_cpus[WORLD_CPUS_MAX];

// The one whose turn it is.
struct turn_cpu *world_cpu_here(void);

// The interrupt that waits for this CPU, taken; VECTOR_NONE: there is none.
uint64_t world_cpu_take_interrupt(void);

// As the switch of hv/trap.c. `vcpu` is null where the CPU was idle; the address is that of a page fault.
void world_cpu_dispatch(uint64_t vector, struct vcpu *vcpu, uint64_t fault_address);

// CPU `id` at its beginning, with its timers and its queue of guests; its turn is left on.
void world_cpu_start(uint32_t id);
