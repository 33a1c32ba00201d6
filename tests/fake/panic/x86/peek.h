// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/peek.h in the test of the panic path: the test provides the function.
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool peek(void *destination, const void *source, size_t size);
