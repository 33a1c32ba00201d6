// SPDX-License-Identifier: BSD-2-Clause
// Where this guest's time went: how much of it the guest had the CPU, and how much of it was stolen.
#pragma once

#include <stdint.h>

#include <abi/lull.h>

// Reads the times of the last update so that they belong together. All 0 before the first hypercall_run_times().
void run_times_read(struct lull_run_times *out);
