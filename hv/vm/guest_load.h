// SPDX-License-Identifier: BSD-2-Clause
// The memory of a guest: image, RAM and the pages of the ABI, in an address space of its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guest;
struct guest_config;
struct lull_vcpu_page;

// Build the address space around guest->image; fills in guest->space, ram_start, ram_end and, in `*vcpu_page`, where
// the hypervisor sees the vCPU page. False: `*reason` says why; what was built is given back.
bool guest_load(struct guest *guest, const struct guest_config *config, struct lull_vcpu_page **vcpu_page,
                const char **reason);

// Give back the memory of a guest's address space, at most `pages` pages of it, and with the last of them the space
// itself; what the image's guests share stays. True: that was all. No CPU may have it loaded.
bool guest_unload(struct guest *guest, uint64_t pages);
