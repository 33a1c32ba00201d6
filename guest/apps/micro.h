// SPDX-License-Identifier: BSD-2-Clause
// The assembly half of the micro-benchmark: an interrupt and an exception entry that do nothing but take the time.
#pragma once

#include <stdint.h>

// TSC at the first instruction of the last interrupt upcall; set to 0 before each use.
extern volatile uint64_t micro_stamp;

// Entries for HCALL_SET_UPCALLS. The interrupt entry reads the TSC before anything else (and so loses rax and rdx
// of the interrupted code, which micro_spin and micro_halt allow for), clears all pending bits and returns with
// interrupts off. The exception entry returns at once.
extern const char micro_interrupt[], micro_exception[];

// Turns interrupts on and spins until the stamp is there; false when it is not there after `rounds` rounds.
_Bool micro_spin(uint64_t rounds);

// Halts until an interrupt came. Interrupts off before and after.
void micro_halt(void);

// Makes an upcall frame and leaves it by HCALL_UPCALL_RETURN. Interrupts off before and after.
void micro_return(void);
