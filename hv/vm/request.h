// SPDX-License-Identifier: BSD-2-Clause
// What the boot CPU asks of the others, and waits for.
//
// Guests are made, destroyed and reported on by the boot CPU alone (the monitor). Where that touches what belongs to
// another CPU, it asks that CPU: one request at a time, served in the handler of VECTOR_KICK. No CPU ever waits for the
// boot CPU, and every path with interrupts off is bounded, so each request is answered soon; a CPU that does not answer
// is a bug, and panics.
//
// Example: guest_kill(G) on the boot CPU, G belongs to CPU 2: request_guest(G) -> kick -> CPU 2 takes G's vCPU off
// itself and answers -> the boot CPU goes on, and gives the memory back later (guest_reap.h).
//
// Context of everything here: the boot CPU, interrupts off, no request pending, unless said.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct guest;

// Every other CPU has looked into its mail and left whatever it was doing in the hypervisor at the time of this call.
// What nobody could find any more before the call is used by nobody after it.
void request_quiesce(void);

// What the owner of a guest is to do with it.
enum request_deed {
    REQUEST_KILL,    // end it, with a report
    REQUEST_DESTROY, // end it, without one
    REQUEST_PAUSE,
    REQUEST_RESUME,
    REQUEST_WEIGHT, // value: the weight
    REQUEST_PIN,    // value: a CPU's id, or GUEST_CPU_ANY
};

struct request_guest {
    struct guest *guest;
    enum request_deed deed;
    const char *reason, *detail; // REQUEST_KILL
    uint32_t value;              // REQUEST_WEIGHT, REQUEST_PIN
    bool served, done;           // the answer
};

// Have it done, by whichever CPU owns the guest now, this one too. False: there was nothing to do, as guest_serve()
// says.
bool request_guest(struct request_guest *request);

// cpu_set_watch() on every CPU, this one too.
void request_set_watch(uint32_t watch);

// All other CPUs wait in their handler between these two calls: what they own can be looked at.
void request_hold(void);
void request_release(void);

// All other CPUs halt for ever.
void request_stop(void);

// On the CPU that is asked: serve what is asked of it. For the handler of VECTOR_KICK.
void request_serve(void);
