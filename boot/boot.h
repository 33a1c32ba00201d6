// SPDX-License-Identifier: BSD-2-Clause
// The first C function.
#pragma once

#include <stdint.h>

// Called by start.asm on the boot CPU, in 64-bit mode, interrupts off, with what the loader left in eax and ebx.
_Noreturn void boot_main(uint32_t magic, uint32_t info_phys);
