// SPDX-License-Identifier: BSD-2-Clause
// Pages that belong to one address space: made, filled and freed together with their mapping.
// Context of everything here: hypervisor code, interrupts off, no CPU runs in the space.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct elf_segment;

// A new page of zeros at `guest_address`, with the rights PAGING_*. Null if memory is out.
void *guest_pages_add(uint64_t space, uint64_t guest_address, uint32_t rights);

// New pages that hold a segment of the image at `bytes`, with the segment's rights. False if memory is out; those made
// so far stay, for guest_pages_free_segment().
bool guest_pages_add_segment(uint64_t space, const struct elf_segment *segment, const void *bytes);

// Free the pages that are mapped in [start, end); some may be missing. The mappings stay, for paging_space_destroy().
void guest_pages_free(uint64_t space, uint64_t start, uint64_t end);
void guest_pages_free_segment(uint64_t space, const struct elf_segment *segment);
