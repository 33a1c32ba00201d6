// SPDX-License-Identifier: BSD-2-Clause
// Where the loader's part ends and the hypervisor begins.
#pragma once

struct boot_info;

// Bring everything up, make the guests, run them for ever. Boot CPU, interrupts off, serial line and log working.
_Noreturn void hv_main(const struct boot_info *boot);
