// SPDX-License-Identifier: BSD-2-Clause
// The benchmark mode: every module's guests run to their end, and what they print is the result.
#pragma once

#include "core/boot_info.h"

// Makes the guests, shows their output as it comes, and ends in monitor_finish(): success means that each of them
// exited with code 0. Interrupts off.
void bench_start(const struct boot_info *info);
