// SPDX-License-Identifier: BSD-2-Clause
// A guest: an image, memory, one vCPU, a console and an end.
//
// Life: guest_create() loads the image and makes the vCPU runnable, on one CPU. It ends there by HCALL_EXIT or by
// guest_kill(); then its memory goes back in small steps (guest_reap.h), while this structure stays as its memorial
// (why it ended, registers, console output) until guest_destroy(), or until it is made again (guest_restart.h).
//
// Context of everything here: interrupts off, the boot CPU. Unless said: guest_find() any CPU; guest_exit(),
// guest_kill() and guest_serve() the CPU that the guest belongs to, for they touch its vCPU.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "vm/console_ring.h"
#include "vm/guest_console.h"
#include "vm/guest_restart.h"
#include "vm/lateness.h"

#define GUEST_NAME_SIZE 32
#define GUEST_REASON_SIZE 24
#define GUEST_DETAIL_SIZE 160

struct guest_image;
struct request_guest;
struct vcpu;

enum guest_state {
    GUEST_ALIVE,
    GUEST_EXITED, // by its own HCALL_EXIT; exit_code is valid
    GUEST_KILLED, // reason and detail are valid
};

// What somebody who looks at a guest again and again found the last time. Totals since its creation.
struct guest_look {
    uint64_t elapsed_ns, running_ns, runnable_ns;
    uint64_t interrupts, hypercalls;
};

struct guest {
    struct list_node link;     // in guest_list, by id
    struct guest *next_of_key; // in guest.c's table of ids
    uint32_t id;               // never used twice
    uint32_t instance;
    char name[GUEST_NAME_SIZE];
    enum guest_state state; // atomic: set once, by its CPU
    uint64_t exit_code;
    char reason[GUEST_REASON_SIZE]; // one word, for programs: "exception-gp", "bad-stack", "operator"
    char detail[GUEST_DETAIL_SIZE]; // a sentence, for people
    struct vcpu *vcpu;

    struct guest_image *image;    // until guest_destroy()
    uint64_t space;               // address space; 0 once the memory is given back
    uint64_t ram_start, ram_end;  // read-write memory behind the image
    uint64_t pages;               // that it takes for itself: memory, page tables, structures
    struct console_ring *console; // what it has written, newest last
    struct console_input input;   // what was typed at it and it has not read yet
    struct lateness lateness;     // of its timer events, but for those in vcpu->late

    struct guest_look look; // the monitor's

    struct guest_restart restart;

    struct guest *next_ended;   // guest_reap.c
    struct list_node reap_link; // guest_reap.c
    bool quiet;                 // it has ended, and no other CPU looks at it any more
    uint64_t unload_next;       // guest_load.c: what lies below is given back
};

// What to make a guest of. Strings and image are borrowed; the image must outlive the guest.
struct guest_config {
    const void *image;
    uint64_t image_size;
    const char *name;
    uint32_t instance;
    uint64_t memory_bytes; // RAM behind the image, whole pages
    const char *arguments;
    uint32_t cpu;    // the only one that it may run on, or GUEST_CPU_ANY
    uint32_t weight; // 1 .. SCHED_WEIGHT_MAX
    enum guest_restart_policy restart;
};

#define GUEST_CPU_ANY UINT32_MAX

// All guests that have not been destroyed, by id: struct guest.link.
extern struct list_node guest_list;

// Make a guest and let it run. Null if it is refused: `*reason` says why (the image is bad, memory is out);
// nothing is left behind then.
struct guest *guest_create(const struct guest_config *config, const char **reason);

// The guest of that id, or null. Bounded by a constant up to some thousands of guests: doorbells come this way. Any
// CPU; what is found stays there until interrupts are on again.
struct guest *guest_find(uint32_t id);

// End a guest of this CPU. Only the first end counts; callers go on. The vCPU does not run again. `reason` is one word.
void guest_exit(struct guest *guest, uint64_t code);
void guest_kill(struct guest *guest, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The reason of a guest that has done nothing wrong: its registers are not shown.
#define GUEST_OPERATOR "operator"

// End a guest of any CPU because the operator wants it. False: it had ended.
bool guest_stop(struct guest *guest, const char *detail);

// Keep a guest from running, and let it go on. False: it has ended, or is paused (not paused) already. Real time goes
// on meanwhile: see vcpu_pause().
bool guest_pause(struct guest *guest);
bool guest_resume(struct guest *guest);

// Make a guest that has ended again in its place, with another id; a living one ends first, without a report.
// False: it is refused as by guest_create(), and has ended. For guest_restart().
bool guest_make_again(struct guest *guest, const char **reason);

// Give back what is left of a guest that has ended; a living one ends first, without a report.
void guest_destroy(struct guest *guest);

// Do what the boot CPU asks of the owner of a guest (request.h). False: there was nothing to do, since the guest has
// ended, or is paused (not paused) already.
bool guest_serve(const struct request_guest *request);
