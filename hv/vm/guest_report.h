// SPDX-License-Identifier: BSD-2-Clause
// Reports about guests that went wrong.
#pragma once

#include <stdint.h>

struct guest;

// Kill a guest for an exception it has no handler for; the vCPU's frame holds vector and error code.
void guest_report_exception(struct guest *guest, uint64_t fault_address);

// Log why the guest was killed, where it was and its registers.
void guest_report_killed(const struct guest *guest);
