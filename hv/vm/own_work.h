// SPDX-License-Identifier: BSD-2-Clause
// The hypervisor's own work: what it does for nobody who runs, as making guests and taking away what they leave.
//
// A vCPU that has the CPU pays for all that passes meanwhile (sched.h), also for the hypervisor's work on its behalf.
// Who happens to have the CPU when a hundred guests are made must not pay for that: it would have had more of the CPU
// than any of them before it has run at all, and wait for its turn for a long time after.
//
// Example: A has had 1 ms of the CPU at 4.0 ms, when making B begins. It ends at 4.2 ms: A has still had 1 ms.
//
// Context of everything here: this CPU, interrupts off. The two do not nest.
#pragma once

// Nobody pays for what follows, until the end.
void own_work_begin(void);
void own_work_end(void);
