// SPDX-License-Identifier: BSD-2-Clause
// What a guest image says it needs of the guest ABI: its note, struct lull_note_abi.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Whether this hypervisor has what the image needs. The image must have passed elf_validate(); the note's bytes may be
// anything. False: *reason names what is needed and what there is; the text lasts until the next call. Boot CPU.
bool elf_abi_check(const void *image, size_t size, const char **reason);
