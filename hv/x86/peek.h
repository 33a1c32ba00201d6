// SPDX-License-Identifier: BSD-2-Clause
// Reading memory that may not be there: what a panic follows may be the very thing that is broken.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Copy `size` bytes of the hypervisor's memory. False if some byte was not accessible, or if `source` is not in the
// upper half, which is the hypervisor's; then the destination may hold a part. Context: any, after cpu_init().
bool peek(void *destination, const void *source, size_t size);
