// SPDX-License-Identifier: BSD-2-Clause
// A guest: an image, memory, one vCPU, a console and an end.
//
// Life: guest_create() loads the image and makes the vCPU runnable. It ends by HCALL_EXIT or by
// guest_kill(); then its memory goes back at once, while this structure stays as its memorial (why it
// ended, registers, console output) until guest_destroy().
// Context of everything here: hypervisor code, interrupts off.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "vm/console_ring.h"
#include "vm/lateness.h"

#define GUEST_NAME_SIZE 32
#define GUEST_REASON_SIZE 24
#define GUEST_DETAIL_SIZE 160

struct guest_image;
struct timer;
struct vcpu;

enum guest_state {
    GUEST_ALIVE,
    GUEST_EXITED, // by its own HCALL_EXIT; exit_code is valid
    GUEST_KILLED, // reason and detail are valid
};

struct guest {
    struct list_node link;     // in guest_list, by id
    struct guest *next_of_key; // in guest.c's table of ids
    uint32_t id;               // never used twice
    uint32_t instance;
    char name[GUEST_NAME_SIZE];
    enum guest_state state;
    uint64_t exit_code;
    char reason[GUEST_REASON_SIZE]; // one word, for programs: "exception-gp", "bad-stack", "operator"
    char detail[GUEST_DETAIL_SIZE]; // a sentence, for people
    struct vcpu *vcpu;

    struct guest_image *image;    // until guest_destroy()
    uint64_t space;               // address space; 0 once the memory is given back
    uint64_t ram_start, ram_end;  // read-write memory behind the image
    uint64_t pages;               // that it takes for itself: memory, page tables, structures
    struct console_ring *console; // what it has written, newest last
    struct lateness lateness;     // of its timer events, but for those in vcpu->late
};

// What to make a guest of. Strings and image are borrowed; the image must outlive the guest.
struct guest_config {
    const void *image;
    uint64_t image_size;
    const char *name;
    uint32_t instance;
    uint64_t memory_bytes; // RAM behind the image, whole pages
    const char *arguments;
};

// All guests that have not been destroyed, by id: struct guest.link.
extern struct list_node guest_list;

// Make a guest and let it run. Null if it is refused: `*reason` says why (the image is bad, memory is out);
// nothing is left behind then.
struct guest *guest_create(const struct guest_config *config, const char **reason);

// The guest of that id, or null. Bounded by a constant up to some thousands of guests: doorbells come this way.
struct guest *guest_find(uint32_t id);

// End a guest. Only the first end counts; callers go on. The vCPU does not run again. `reason` is one word.
void guest_exit(struct guest *guest, uint64_t code);
void guest_kill(struct guest *guest, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The reason of a guest that has done nothing wrong: its registers are not shown.
#define GUEST_OPERATOR "operator"

// Keep a guest from running, and let it go on. False: it has ended, or is paused (not paused) already. Real time goes on
// meanwhile: see vcpu_pause().
bool guest_pause(struct guest *guest);
bool guest_resume(struct guest *guest);

// Give back what is left of a guest that has ended; a living one ends first, without a report.
void guest_destroy(struct guest *guest);

// Arm `timer` for the present moment whenever a guest ends from now on, so that its expiry learns of the end outside
// of the guest's own path; null for none. guest_exit() and guest_kill() do it for the first end only.
void guest_watch(struct timer *timer);
