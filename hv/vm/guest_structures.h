// SPDX-License-Identifier: BSD-2-Clause
// The structures of a guest, which stay when its memory has gone back: a page each for itself, its vCPU and its console
// ring. Context of everything here: the boot CPU, interrupts off.
#pragma once

#include "vm/guest.h"

#define GUEST_STRUCTURES_PAGES 3u

// A guest with its vCPU and console ring, all zero; null if memory is out.
struct guest *guest_structures_alloc(void);

// Free all three. guest: may be null, or have only some of them.
void guest_structures_free(struct guest *guest);
