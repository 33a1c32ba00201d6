// SPDX-License-Identifier: BSD-2-Clause
// Where the loader's part ends and the hypervisor begins.
#pragma once

struct boot_info;

// Bring everything up, make the guests, run them for ever. `refusal` is null, or says why the loader's information is
// unusable; then it is printed and the machine stops. Boot CPU, interrupts off, the boot map loaded.
_Noreturn void hv_main(const struct boot_info *boot, const char *refusal);
