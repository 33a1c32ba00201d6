// SPDX-License-Identifier: BSD-2-Clause
// What CPUs have to tell each other.
//
// The rule: a vCPU belongs to one CPU, vcpu->cpu, and only that CPU touches its state, its timers and its place in a
// run queue. So nothing of that needs a lock. Another CPU that has something for a vCPU puts the vCPU into its owner's
// mail, a list that anyone may add to, and interrupts the owner (VECTOR_KICK) if the list was empty. The owner takes
// the whole list out in the interrupt's handler.
//
// A vCPU is in at most one list: who sets vcpu->mailed, by an atomic exchange that finds it clear, decides what happens
// to it until it is delivered. While it is set the owner cannot change, so mail never arrives at the wrong CPU.
//
//   CPU 0, doorbell for V of CPU 1                      CPU 1
//   pending |= bit
//   V->mailed was clear: set, V into the list, kick     handler: list out, mailed cleared, then: pending & ~mask?
//   V->mailed was set already: nothing more to do         V blocked: wakes. V running: the trap's end delivers.
//
// No wake-up is lost. The bit is in the page before `mailed` is looked at, and the owner clears `mailed` before it
// looks at the page, both by instructions that are full barriers. So either the ringer finds `mailed` clear and sends,
// or its bit is seen by the owner that is about to look. The owner itself looks for pending bits with interrupts off
// before it lets the vCPU block, and the interrupt of mail that comes then is taken at the latest in the idle sleep.
//
// The second kind of message are requests of the boot CPU, one at a time for each CPU, for which it waits: request.h.
#pragma once

#include <stdbool.h>

struct cpu;
struct vcpu;

// Take the right to send the vCPU. False: somebody else has it, the owner will look at the vCPU after this moment.
// Any CPU, interrupts off.
bool mail_claim(struct vcpu *vcpu);

// Send a vCPU that was claimed to its owner, another CPU. If vcpu->arriving is set, it is to run there from now on.
void mail_send(struct vcpu *vcpu);

// Look into this CPU's mail. For the handler of VECTOR_KICK, and before a CPU answers a request.
void mail_take(void);

// Make a CPU run the handler of VECTOR_KICK. Any CPU, interrupts off.
void mail_kick(const struct cpu *cpu);
