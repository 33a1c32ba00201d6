// SPDX-License-Identifier: BSD-2-Clause
// What the tests on tests/fake/world share: a world with some CPUs, and guests of the example image. For one test program
// each.
#pragma once

#include "unit.h"

#include "elf_example.h"
#include "lib/list.h"
#include "lib/time.h"
#include "log_capture.h"
#include "time/clock.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/sched.h"
#include "world.h"

#define RAM_PAGES 4u

static const char *reason; // why create() has refused
static uint32_t entries;   // of any guest; counted by the programs

static inline void start(uint32_t cpus, void (*program)(struct vcpu *vcpu))
{
    elf_example_start(NULL);
    log_capture_reset();
    world_program = program;
    world_start(cpus);
    reason = NULL;
    entries = 0;
}

// All is given back.
static inline void end(void)
{
    assert_int_equal(world_end(), 0);
    assert_true(list_empty(&guest_images));
}

// A small guest on the boot CPU; a test changes what it is about.
static inline struct guest_config example_config(void)
{
    return (struct guest_config){ .image = &example,
                                  .image_size = sizeof(example),
                                  .name = "test",
                                  .instance = 7,
                                  .memory_bytes = RAM_PAGES * PAGE,
                                  .arguments = "a=1 b",
                                  .weight = SCHED_WEIGHT };
}

static inline struct guest *create_with(enum guest_restart_policy policy, uint32_t cpu)
{
    struct guest_config config = example_config();

    config.restart = policy;
    config.cpu = cpu;
    return guest_create(&config, &reason);
}

static inline struct guest *create(uint32_t cpu)
{
    return create_with(GUEST_RESTART_NEVER, cpu);
}

static inline void run_for(uint32_t cpu, uint64_t ns)
{
    world_run(cpu, clock_now_ns() + ns);
}

// The same, and the time passes also where the CPU has nothing to do.
static inline void pass_for(uint32_t cpu, uint64_t ns)
{
    uint64_t until_ns = clock_now_ns() + ns;

    world_run(cpu, until_ns);
    if (clock_now_ns() < until_ns)
        machine_advance((until_ns - clock_now_ns()) * PS_PER_NS);
}

// ---- Programs ---------------------------------------------------------------------------------------------------

// Waits for ever.
static inline void sleeper(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    world_hypercall(HCALL_HALT, 0, 0, 0);
}

// Computes for ever.
static inline void spinner(struct vcpu *vcpu)
{
    (void)vcpu;
    entries++;
    while (world_compute(NSEC_PER_MSEC)) {
    }
}
