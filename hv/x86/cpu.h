// SPDX-License-Identifier: BSD-2-Clause
// The per-CPU block: one struct cpu for each CPU, found through the GS base while in the hypervisor.
//
// In ring 3 the GS base is the guest's; every way in from there swaps it (entry.asm). Members above
// the line are used by entry.asm through generated offsets. Members that belong to higher floors are
// pointers to incomplete types: only their owners look inside.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/counters.h"
#include "x86/descriptors.h"
#include "x86/entry.h"
#include "x86/stacks.h"
#include "x86/tsc.h"

struct vcpu;
struct timer_queue;
struct run_queue;
struct sleep;
struct trace_ring;

// Where the time of a CPU goes. Every moment belongs to exactly one of these.
enum cpu_share {
    CPU_SHARE_HYPERVISOR,
    CPU_SHARE_GUEST,
    CPU_SHARE_IDLE,
    CPU_SHARES,
};

// What a CPU does at its crossings beside the work itself.
enum cpu_watch {
    CPU_WATCH_TIMES = 1 << 0, // time in guests and in the hypervisor is told apart; if not, both count as
    // CPU_SHARE_GUEST. Idle time is always exact. A null hypercall takes 18 instructions more, a timer
    // interrupt in the guest 30.
    CPU_WATCH_TRACE = 1 << 1, // all goes the careful ways, which record it (core/trace.h)
};

#define CPU_MAX 64 // a bit for each in a word

struct cpu {
    struct cpu *self;
    struct entry_context *guest; // traps from ring 3 are saved here; TSS.rsp0 is the end of its frame
    uint64_t stack;              // hypervisor stack pointer to go on with after a trap from ring 3
    uint64_t scratch;            // the guest's rsp for a moment, in the syscall entry
    uint32_t leave;              // non-zero: the guest cannot simply go on, the run loop must decide
    uint32_t share;              // enum cpu_share: the one that the present moment belongs to
    uint32_t watch;              // enum cpu_watch: what is done on the way beside the work itself
    struct counters counters __attribute__((aligned(64)));
    uint64_t share_stamp_tsc;       // when the present share began
    uint64_t share_tsc[CPU_SHARES]; // time accounted so far
    struct vcpu *vcpu;              // whose context is loaded (address space, FPU); null if that has ended
    // ---- not used by entry.asm from here on ----
    struct timer_queue *timers;
    struct run_queue *run_queue;
    struct sleep *sleep;
    struct trace_ring *trace;      // null: there is none
    uint64_t traced_programmed_ns; // vm/tracing.c: what it has recorded last
    uint32_t id;                   // 0 = the CPU that booted
    uint32_t apic_id;
    uint32_t start;    // enum ap_state, atomic: how far its start has come
    struct vcpu *mail; // atomic: vCPUs that other CPUs have sent here (vm/mail.h), the last one first
    uint32_t request;  // atomic: what the boot CPU wants of it (vm/request.c)
    uint32_t stopped;  // atomic: it has stopped for ever (x86/stop.h)
    uint64_t stopped_rip, stopped_rbp;
    struct descriptors tables;
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct cpu, self) == 0, "cpu_this() reads it");
_Static_assert(offsetof(struct cpu, counters) == COUNTERS_IN_CPU, "counters_add() knows the place");

// The CPUs that run, by id, without a gap: cpu_table[0] booted. CPUs are only ever added, and only during boot.
extern struct cpu *cpu_table[CPU_MAX];
extern uint32_t cpu_count;

// Of each CPU, by its id, also while it starts.
extern struct stacks cpu_stacks[CPU_MAX];

// This CPU's block. Context: hypervisor code after cpu_init(), any interrupt state.
static inline struct cpu *cpu_this(void)
{
    struct cpu *cpu;
    asm("movq %%gs:0, %0" : "=r"(cpu)); // cpu->self; never changes, so the compiler may reuse it
    return cpu;
}

// The same for one access to one member, with one instruction where cpu_this() takes two and a register:
// `this_cpu->leave`.
#define this_cpu ((struct cpu __seg_gs *)0)

// Close the present share of this CPU's time and begin `share`. Context: interrupts off.
static inline void cpu_account(enum cpu_share share)
{
    uint64_t now_tsc = tsc_read();

    this_cpu->share_tsc[this_cpu->share] += now_tsc - this_cpu->share_stamp_tsc;
    this_cpu->share_stamp_tsc = now_tsc;
    this_cpu->share = share;
}

// Set up the boot CPU: its block, descriptor tables, control registers, syscall registers.
// Called once, first thing in hv_main; interrupts off.
void cpu_init(void);

// Make the block of a further CPU, with its stacks and tables; its id is `id`. Null if memory is out. Boot CPU.
struct cpu *cpu_create(uint32_t id, uint32_t apic_id);

// On a further CPU, first thing: what cpu_init() does on the boot CPU. Interrupts off.
void cpu_start(struct cpu *cpu);

// Save traps from ring 3 in `guest` from now on. Context: interrupts off.
static inline void cpu_set_guest(struct entry_context *guest)
{
    struct cpu *cpu = cpu_this();

    cpu->guest = guest;
    cpu->tables.tss.rsp[0] = (uint64_t)(&guest->frame + 1);
}

// Do this from now on: bits of enum cpu_watch. Context: interrupts off.
void cpu_set_watch(uint32_t watch);

// The counts of all CPUs, added up.
void cpu_counters(struct counters *out);

// Where a CPU's time went so far, up to this moment. Of another CPU than this one the last share may be off by what it
// has changed meanwhile.
void cpu_shares(const struct cpu *cpu, uint64_t share_tsc[CPU_SHARES]);

// True where the address lies in the guard page of a stack; then in that of CPU `*id`, of this kind.
bool cpu_find_guard(uint64_t address, uint32_t *id, enum stacks_kind *kind);

// Stop this CPU for ever.
_Noreturn void cpu_stop(void);
