// SPDX-License-Identifier: BSD-2-Clause
// The guest ABI: everything a guest and the hypervisor must agree on, and nothing else.
// Both sides compile this header; README.md beside it describes each call. Addresses of guest
// memory are plain integers here, so that the hypervisor cannot dereference one by accident.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The version counts up where something is added; what an older version has goes on working. Only where that is not so
// does the oldest one move up, too.
#define LULL_ABI_VERSION 3u
#define LULL_ABI_OLDEST 2u

// What is there, of what may come or be missing within a version: `features` of the start page.
#define LULL_FEATURE_BLOCK (UINT64_C(1) << 0)        // HCALL_BLOCK, block, following_deadline_ns
#define LULL_FEATURE_RUN_TIMES (UINT64_C(1) << 1)    // HCALL_RUN_TIMES, run_times
#define LULL_FEATURE_RUNTIME (UINT64_C(1) << 2)      // HCALL_SET_RUNTIME, LULL_IRQ_RUNTIME
#define LULL_FEATURE_CONSOLE_READ (UINT64_C(1) << 3) // HCALL_CONSOLE_READ, LULL_IRQ_CONSOLE
#define LULL_FEATURE_TICK (UINT64_C(1) << 4)         // guest_features, tick_hz, LULL_IRQ_TICK
#define LULL_FEATURE_WATCHDOG (UINT64_C(1) << 5)     // HCALL_WATCHDOG
#define LULL_FEATURE_RESUME (UINT64_C(1) << 6)       // LULL_IRQ_RESUME, restarts of the start page
#define LULL_FEATURE_DEFERRED (UINT64_C(1) << 7)     // timer_deferred
#define LULL_FEATURES                                                                                 \
    (LULL_FEATURE_BLOCK | LULL_FEATURE_RUN_TIMES | LULL_FEATURE_RUNTIME | LULL_FEATURE_CONSOLE_READ | \
     LULL_FEATURE_TICK | LULL_FEATURE_WATCHDOG | LULL_FEATURE_RESUME | LULL_FEATURE_DEFERRED)

// An ELF note (type PT_NOTE) in which an image says what it needs; without one it needs LULL_ABI_OLDEST and no feature.
// The hypervisor refuses an image that needs more than it has, and names both.
#define LULL_NOTE_NAME "Lull"
#define LULL_NOTE_ABI 1u // type of the note

struct lull_note_abi {
    uint32_t name_size, content_size, type; // as ELF has it: 5, 12, LULL_NOTE_ABI
    char name[8];                           // LULL_NOTE_NAME, zeros
    uint32_t version;                       // LULL_ABI_VERSION of the header that it was built with
    uint32_t features[2]; // those that it cannot do without, the low half first: a note is aligned to 4
};

_Static_assert(sizeof(struct lull_note_abi) == 32, "ABI");

// -----------------------------------------------------------------------------------------------
// Guest address space. A guest owns the window [LULL_WINDOW_START, LULL_WINDOW_END); all else faults.
// The first pages of the window belong to the ABI, an image starts at LULL_IMAGE_START or above.

#define LULL_WINDOW_START 0x00200000ull
#define LULL_WINDOW_END 0x40000000ull
#define LULL_PAGE_SIZE 4096ull

#define LULL_VCPU_PAGE 0x00200000ull  // struct lull_vcpu_page, read-write, one per vCPU
#define LULL_TIME_PAGE 0x00201000ull  // struct lull_time_page, read-only, one for the machine
#define LULL_START_PAGE 0x00202000ull // struct lull_start_page, read-only, one per guest
#define LULL_IMAGE_START 0x00210000ull

// -----------------------------------------------------------------------------------------------
// Hypercalls. `int LULL_HCALL_VECTOR` or `syscall`, same convention: number in rax, arguments in
// rdi, rsi, rdx. The result returns in rax: zero or more is success, a negative value is one of the
// LULL_E* errors. rcx, rdx, rsi, rdi, r8-r11 come back as zero, except that after `syscall` rcx and r11
// may hold the guest's own rip and rflags, as that instruction leaves them; the other registers are preserved.

#define LULL_HCALL_VECTOR 0x80

#define HCALL_NOP 0            // (label, value) -> 0; a mark in the trace, if that is on
#define HCALL_SET_CLOCKEVENT 1 // (delay_ns) -> 0; 0 shuts the device down
#define HCALL_SET_PERIODIC 2   // (period_ns) -> 0; 0 shuts the device down
#define HCALL_CLOCK_READ 3     // () -> now_ns, for machines whose time page has no TSC scale
#define HCALL_HALT 4           // () -> 0; enables virtual interrupts and waits for one
#define HCALL_DELIVER 5        // () -> 0; "I enabled interrupts and saw one pending"
#define HCALL_SET_UPCALLS 6    // (interrupt_entry, exception_entry, return_window) -> 0
#define HCALL_CONSOLE_WRITE 7  // (address, length) -> bytes taken
#define HCALL_EXIT 8           // (code), does not return
#define HCALL_YIELD 9          // () -> 0
#define HCALL_DOORBELL 10      // (guest_id) -> 0; pends LULL_IRQ_DOORBELL there
#define HCALL_COUNTERS 11      // (address of struct lull_counters) -> 0
#define HCALL_SET_DEADLINE 12  // (deadline_ns, slack_ns) -> the deadline that it replaces
#define HCALL_BLOCK 13         // (deadline_ns, slack_ns) -> why it woke: LULL_WOKE_*
#define HCALL_RUN_TIMES 14     // () -> 0; run_times of the vCPU page are kept up to date from now on
#define HCALL_SET_RUNTIME \
    15 // (delay_ns) -> what the replaced one had left; LULL_IRQ_RUNTIME after so much running time
#define HCALL_CONSOLE_READ 16 // (address, size) -> bytes read; LULL_IRQ_CONSOLE tells of more
#define HCALL_WATCHDOG 17 // (delay_ns) -> what was left; the guest ends unless it calls again before; 0: off
#define HCALL_COUNT 18

// The one call with another convention.
#define HCALL_UPCALL_RETURN 32 // rax is popped from the stack; leaves an upcall, preserves all registers

#define LULL_CONSOLE_INPUT_SIZE 256 // bytes typed and not read yet that are kept

#define LULL_OK 0
#define LULL_EINVAL (-1) // an argument is out of its range
#define LULL_EFAULT (-2) // an address is not the guest's, or not mapped as the call needs it
#define LULL_ENOSYS (-3) // no such call
#define LULL_ENOENT (-4) // no such guest

// -----------------------------------------------------------------------------------------------
// Virtual interrupts: bit numbers in `pending` and `mask`. The lowest number is served first.

#define LULL_IRQ_TIMER 0
#define LULL_IRQ_DOORBELL 1
#define LULL_IRQ_RUNTIME 2
#define LULL_IRQ_CONSOLE 3
#define LULL_IRQ_TICK 4   // the operator wants another tick_hz
#define LULL_IRQ_RESUME 5 // the guest goes on after a pause
#define LULL_IRQ_COUNT 6

// -----------------------------------------------------------------------------------------------
// The vCPU page. The guest may write all of it at any time and hurts only itself by doing so.
// "hv:" and "guest:" name the side that normally writes.

// The stamps of the timer event that was delivered last, all in ns of the machine clock.
struct lull_event_record {
    uint64_t deadline_ns; // what the guest asked for, made absolute
    uint64_t fired_ns;    // hv: the timer queue saw that it was due, and the pending bit was set
    uint64_t injected_ns; // hv: the upcall frame was pushed
};

// The parts of that event's lateness (injected_ns - deadline_ns) that are seldom there: they are 0 if `injected_ns`
// here is not that of the event's record. Hardware: fired_ns - deadline_ns - slack_ns. Hypervisor: injected_ns -
// fired_ns less the other three.
struct lull_event_split {
    uint64_t injected_ns; // hv: of the event that this is about
    uint64_t slack_ns;    // hv: within the window that the guest granted
    uint64_t steal_ns;    // hv: it was pending and another guest had the CPU
    uint64_t paused_ns;   // hv: it was pending and the operator kept the guest from running
    uint64_t guest_ns;    // hv: it was pending and the guest had interrupts off, or the timer masked
};

// No deadline at all. So is every deadline above it; that is 292 years of uptime.
#define LULL_TIME_NEVER ((uint64_t)INT64_MAX)

// Results of HCALL_BLOCK: the interrupts that were pending and not masked when it was over, a bit for each, and
// LULL_WOKE_TIMEOUT if its event has come.
#define LULL_WOKE_IRQS UINT64_C(0xffffffff)
#define LULL_WOKE_TIMEOUT (UINT64_C(1) << 32)

// The last HCALL_BLOCK.
struct lull_block_record {
    uint64_t woke_ns; // hv: when it was over and the vCPU had the CPU again
    int64_t late_ns;  // hv: woke_ns - deadline_ns. Below 0: so much time is left
};

// Where the vCPU's time went until it got the CPU last; HCALL_RUN_TIMES switches it on. The hypervisor writes only
// while the vCPU does not run: if version is the same before and behind the reads, they belong together. Since then
// only running_ns has grown, by as much as the clock since since_ns.
struct lull_run_times {
    uint64_t version;     // counts the updates; 0: never asked for
    uint64_t since_ns;    // the clock at the update
    uint64_t elapsed_ns;  // since the vCPU was created: exactly the sum of the four
    uint64_t running_ns;  // it had the CPU
    uint64_t runnable_ns; // steal time: it wanted the CPU and did not have it
    uint64_t blocked_ns;  // it waited for an interrupt
    uint64_t paused_ns;   // it was kept from running by the operator
};

// Bits of guest_features.
#define LULL_GUEST_TICK (UINT64_C(1) << 0)   // LULL_IRQ_TICK: it goes over to tick_hz
#define LULL_GUEST_RESUME (UINT64_C(1) << 1) // LULL_IRQ_RESUME: it wants to be told

#define LULL_TICK_HZ_MAX 100000u // HCALL_SET_PERIODIC takes no shorter periods

struct lull_vcpu_page {
    uint32_t irq_enabled; // guest: 1 = upcalls may come. hv: 0 at each upcall
    uint32_t reserved0;
    uint64_t pending; // hv: sets bits. guest: clears them (with a locked instruction) when it serves them
    uint64_t mask;    // guest: 1 = this interrupt stays pending without an upcall
    uint64_t fault_address; // hv: CR2 of the last reflected page fault
    struct lull_event_record timer;
    // The event that the guest wants, at any time from next_deadline_ns until next_slack_ns later; and the end of the
    // window that the hypervisor holds for it. Absolute times in ns of the machine clock, LULL_TIME_NEVER for none. To
    // move its event later, or to arm before it halts, a guest stores the two words and that is all: the hypervisor
    // looks at them when what it holds expires, and when the guest halts. Only a window that ends before
    // armed_until_ns needs HCALL_SET_DEADLINE.
    uint64_t next_deadline_ns; // guest. hv: LULL_TIME_NEVER when the event has become pending
    uint64_t armed_until_ns;   // hv
    uint64_t timer_count;      // hv: timer events pended so far, both modes
    uint64_t timer_missed;     // hv: periods of the periodic mode that passed unserved and were not replayed
    uint64_t next_slack_ns;    // guest, beside next_deadline_ns
    uint64_t
        next_wake_ns; // hv: when this CPU will wake anyway, at the last arming call, wake-up or timer interrupt
    struct lull_block_record block;
    // What the hypervisor shall hold when the event of HCALL_BLOCK has ended it, as if the guest had armed it then.
    uint64_t following_deadline_ns; // guest. hv: LULL_TIME_NEVER when that event has come
    uint64_t following_slack_ns;    // guest
    uint64_t guest_features;        // guest: what it understands, LULL_GUEST_*
    uint64_t tick_hz; // hv: with LULL_IRQ_TICK; ticks a second that the operator wants, 0: tickless
    uint64_t
        timer_deferred; // hv: timer events that had to wait, because too many have interrupted other guests
    uint64_t reserved1[12];          // run_times stands at 256
    struct lull_run_times run_times; // hv
    uint64_t pauses;                 // hv: times that the guest went on after a pause
    struct lull_event_split timer_split;
};

_Static_assert(offsetof(struct lull_vcpu_page, irq_enabled) == 0, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, pending) == 8, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, mask) == 16, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, fault_address) == 24, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, timer) == 32, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, next_deadline_ns) == 56, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, armed_until_ns) == 64, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, timer_count) == 72, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, timer_missed) == 80, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, next_slack_ns) == 88, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, next_wake_ns) == 96, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, block) == 104, "ABI");
_Static_assert(sizeof(struct lull_block_record) == 16, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, following_deadline_ns) == 120, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, following_slack_ns) == 128, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, guest_features) == 136, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, tick_hz) == 144, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, timer_deferred) == 152, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, run_times) == 256, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, pauses) == 312, "ABI");
_Static_assert(sizeof(struct lull_run_times) == 56, "ABI");
_Static_assert(offsetof(struct lull_vcpu_page, timer_split) == 320, "ABI");
_Static_assert(sizeof(struct lull_vcpu_page) == 360, "ABI");

// An interrupt upcall switches off virtual interrupts, steps below the 128-byte red zone, pushes this
// frame and continues at `interrupt_entry` with rsp pointing to it (aligned as the interrupted code
// left it). All other registers are those of the interrupted code. `rflags` carries the virtual
// interrupt flag (bit 9). The way back needs no trap: `popfq`, then `ret LULL_RED_ZONE`.
//
// (Not iretq: its stack reads count as the supervisor's in QEMU's TCG, also in ring 3, and fault under SMAP.)
struct lull_upcall_frame {
    uint64_t rflags, rip;
};

// An exception upcall pushes two more words and continues at `exception_entry`.
struct lull_exception_frame {
    uint64_t vector, error;
    struct lull_upcall_frame frame;
};

_Static_assert(sizeof(struct lull_upcall_frame) == 16, "ABI");
_Static_assert(sizeof(struct lull_exception_frame) == 32, "ABI");

#define LULL_RED_ZONE 128 // System V ABI, AMD64, 3.2.2: leaf functions use it below rsp

// Where the interrupted code's stack pointer was.
static inline uint64_t lull_interrupted_rsp(const struct lull_upcall_frame *frame)
{
    return (uint64_t)(frame + 1) + LULL_RED_ZONE;
}

// The return window [start, end] is the end of a guest's return path, from the instruction after
// `irq_enabled = 1` up to and including the `ret`, which is at `end`. In it all registers but rip,
// rsp and rflags must be those of the interrupted code, and rsp must point to the frame (at `end`,
// behind its rflags, which popfq has taken). An interrupt that comes there takes the same frame again
// instead of pushing another one, so that handlers that follow each other need no more stack than one.
#define LULL_RETURN_WINDOW(start, end) ((uint64_t)(start) | (uint64_t)(end) << 32)

#define LULL_RFLAGS_IF (1ull << 9)

// -----------------------------------------------------------------------------------------------
// The time page. Read it like a sequence lock: version must be even and equal before and after.
//   now_ns = base_ns + ((rdtsc - base_tsc) * mult >> shift), the product taken in 128 bits.

//   error = error_ns + error_ppb * ((now_ns - error_checked_ns) / 10^9 + 1): how far the clock may be off (README.md).

#define LULL_TIME_TSC (1u << 0)   // mult and shift are valid; without it use HCALL_CLOCK_READ
#define LULL_TIME_ERROR (1u << 1) // the error words are there

struct lull_time_page {
    uint32_t version;
    uint32_t flags;
    uint64_t base_tsc;
    uint64_t base_ns;
    uint64_t mult;
    uint32_t shift;
    uint32_t reserved0;
    uint64_t wall_base_ns;     // wall-clock time (UTC, ns since 1970) at now_ns == 0; 0 if unknown
    uint64_t error_checked_ns; // now_ns at the last check
    uint64_t error_ns;         // bound of the error then
    uint64_t error_ppb;        // what it grows by since then, parts per billion of the time
};

_Static_assert(sizeof(struct lull_time_page) == 72, "ABI");

// -----------------------------------------------------------------------------------------------
// The start page. At its entry point a guest finds rdi = LULL_START_PAGE, rsp = stack_top, virtual
// interrupts off, all other registers zero.

#define LULL_MAGIC 0x4c4c554cu // "LULL"
#define LULL_ARGS_SIZE 1024

struct lull_start_page {
    uint32_t magic;
    uint32_t abi_version;
    uint32_t guest_id;
    uint32_t instance;           // 0 .. count-1 of the same module line
    uint64_t ram_start, ram_end; // read-write memory behind the image, page aligned: heap, then stack
    uint64_t stack_top;          // == ram_end
    char name[32];
    char args[LULL_ARGS_SIZE]; // the guest's own arguments, NUL-terminated
    uint64_t features;         // LULL_FEATURE_*; from version 3 on
    uint64_t restarts;         // times that the guest was made again before
};

_Static_assert(offsetof(struct lull_start_page, features) == 1096, "ABI");
_Static_assert(offsetof(struct lull_start_page, restarts) == 1104, "ABI");
_Static_assert(sizeof(struct lull_start_page) <= LULL_PAGE_SIZE, "ABI");

// -----------------------------------------------------------------------------------------------
// HCALL_COUNTERS: what this CPU has counted since boot; differences are meaningful.

struct lull_counters {
    uint64_t crossings;     // entries into the hypervisor from ring 3
    uint64_t mmio;          // device register accesses (memory-mapped)
    uint64_t cr3_loads;     // address-space switches
    uint64_t hw_interrupts; // hardware interrupts taken
};

_Static_assert(sizeof(struct lull_counters) == 32, "ABI");
