// SPDX-License-Identifier: BSD-2-Clause
// CPU time of threads, exact: what the vCPU has run, divided among them, without what other guests stole.
//
// The hypervisor says how long the vCPU has had the CPU (abi/README.md, "Run times"). At each switch what has passed since
// the last one is charged to the thread that ran; so the times of all threads, ended ones apart, add up to the vCPU's
// running time, to the nanosecond. What handlers take is charged to the thread that they interrupt. Counting costs
// every switch some fifty instructions, so it begins when it is asked for; what passed before is the idle thread's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct thread;

extern bool cpu_time_counted; // by cpu_time_start()

// Counts from now on. Any context, again too.
void cpu_time_start(void);

// The running time of this vCPU; 0 before cpu_time_start(). Any context.
uint64_t cpu_time_running_ns(void);

// Brings thread->cpu_ns of the running thread up to date. Those of the others are. Any context.
void cpu_time_update(void);

// Charges the running thread at a switch. Interrupts off, only while cpu_time_counted.
void cpu_time_charge(struct thread *running);
