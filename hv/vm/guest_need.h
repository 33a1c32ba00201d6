// SPDX-License-Identifier: BSD-2-Clause
// What a guest needs of the machine's memory, for the one who is told that it is not there.
//
// Who makes a guest finds out that memory is out when a page does not come, at any place; what was taken so far goes
// back, and the creation is refused with guest_need_out. In its place guest_need_say() puts the whole sum and what is
// left.
//
// Context: the boot CPU, interrupts off.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The reason of a refusal that guest_need_say() completes: compared as a pointer.
extern const char guest_need_out[];

// Pages that a guest of that image takes beside its structures: of the image, RAM, ABI pages, page tables. The image
// must be one that elf_validate() accepts. `with_image`: what the guests of the image share as well.
uint64_t guest_need_pages(const void *bytes, uint64_t size, uint64_t memory_bytes, bool with_image);

// A sentence with the need, what is left, and what to do. Until the next call.
const char *guest_need_say(uint64_t pages);
