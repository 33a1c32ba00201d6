// SPDX-License-Identifier: BSD-2-Clause
// The assembly half of the floor kernel: its ways into ring 0, each as short as the CPU allows, and what ring 3 does.
//
// Software interrupts that ring 3 may use:
//
//   FLOOR_NULL      comes back
//   FLOOR_ARM       eax is the LAPIC timer's initial count; comes back
//   FLOOR_SLEEP     sleeps; an event of vector FLOOR_IRQ_ASLEEP ends that, and goes to floor_handler in ring 3
//   FLOOR_BLOCK     eax as in FLOOR_ARM; sleeps until the event, of vector FLOOR_IRQ_BLOCKED; comes back
//   FLOOR_SWITCH    goes to the other of two tasks, loading CR3
#pragma once

#include <stdint.h>

#define FLOOR_NULL 0x80
#define FLOOR_ARM 0x81
#define FLOOR_SLEEP 0x82
#define FLOOR_BLOCK 0x83
#define FLOOR_SWITCH 0x84

// Vectors of the timer, by what waits for it.
#define FLOOR_IRQ_RUNNING 0x90
#define FLOOR_IRQ_ASLEEP 0x91
#define FLOOR_IRQ_BLOCKED 0x92

// The local APIC, seen at the top of the address space: there its registers are in reach of an absolute address.
#define FLOOR_LAPIC 0xfffffffffee00000

// Entries for gates and MSR_LSTAR.
extern const char floor_null[], floor_syscall[], floor_arm[], floor_sleep[], floor_block[], floor_switch[],
    floor_irq_running[], floor_irq_asleep[], floor_irq_blocked[], floor_breakpoint[], floor_fault[];

// TSC at the first instruction of the last event's handler in ring 3; set to 0 before each use.
extern volatile uint64_t floor_stamp;

// Of FLOOR_SWITCH: the stack pointer in ring 0 of the task that waits, and where the TSS says that ring 0's stack begins.
extern uint64_t floor_other_rsp;
extern void *floor_rsp0;

// Goes to ring 3, where the caller goes on with `stack` and may use ports and turn interrupts off; they are on.
void floor_enter_user(uint64_t stack);

// A task in ring 3 that does nothing but FLOOR_SWITCH, for ever.
extern const char floor_answer[];

// In ring 3. Spin, or sleep, until the stamp is there.
void floor_spin(void);
void floor_wait(void);
