// SPDX-License-Identifier: BSD-2-Clause
// A machine made of fake chips, on which the real drivers run in host tests.
//
// With `-iquote tests/fake/machine` on the command line the drivers' "x86/io.h", "x86/mmio.h", "x86/msr.h", "x86/paging.h",
// "x86/tsc.h" and "x86/reset.h" are the ones in this folder, which end here. Time is virtual and exact: it stands still except that every
// access to a chip costs `access_ps`, and that a test moves it. A test may put a gap (an SMI) in front of
// the Nth access from now: time passes there that the driver does not expect.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS_PER_NS 1000ull
#define PS_PER_SEC 1000000000000ull

// A chip, at I/O ports or at physical memory addresses. Callbacks may be null: reads then give all ones.
struct machine_chip {
    uint64_t base, size;
    uint32_t (*read)(struct machine_chip *chip, uint32_t offset, unsigned int bytes);
    void (*write)(struct machine_chip *chip, uint32_t offset, unsigned int bytes, uint32_t value);
    void (*advance)(struct machine_chip *chip, uint64_t from_ps, uint64_t to_ps); // time passes
    struct machine_chip *next;
};

struct machine {
    uint64_t now_ps;
    uint64_t access_ps;   // cost of one access, 0 after machine_reset()
    uint64_t gap_ps;      // the SMI: so long ...
    uint64_t gap_after;   // ... before the access after so many more; counts down
    uint64_t accesses;    // so far
    uint64_t tsc_hz;      // rate of the fake TSC
    uint64_t tsc_base;    // its value at time 0
    bool reset_requested; // triple fault
    uint64_t fences;      // so far
    struct machine_chip *ports, *mmio;
    uint64_t (*msr_read)(uint32_t msr); // null, as after machine_reset(): no MSR may be touched
    void (*msr_write)(uint32_t msr, uint64_t value);
};

extern struct machine machine;

// An empty machine at time 0.
void machine_reset(void);

void machine_add_ports(struct machine_chip *chip);
void machine_add_mmio(struct machine_chip *chip);

// Physical memory that paging_map() shows: `size` bytes, copied. What is not added reads as all ones.
void machine_add_memory(uint64_t phys, const void *bytes, size_t size);

// Zeroed memory until machine_reset().
void *machine_alloc(size_t size);

// Let time pass.
void machine_advance(uint64_t ps);

// Ticks of a counter of `hz` after `ps`, rounded down.
uint64_t machine_ticks(uint64_t ps, uint64_t hz);

// The accesses, from the headers beside this file.
uint32_t machine_in(uint16_t port, unsigned int bytes);
void machine_out(uint16_t port, unsigned int bytes, uint32_t value);
uint32_t machine_mmio_read(const volatile void *base, uint32_t offset);
void machine_mmio_write(volatile void *base, uint32_t offset, uint32_t value);
uint64_t machine_msr_read(uint32_t msr);
void machine_msr_write(uint32_t msr, uint64_t value);
uint64_t machine_tsc(void);
void *machine_map(uint64_t phys, uint64_t size, bool cached);
