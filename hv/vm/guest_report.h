// SPDX-License-Identifier: BSD-2-Clause
// Reports about guests that went wrong.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct guest;

// Kill a guest for an exception it has no handler for; the vCPU's frame holds vector and error code.
void guest_report_exception(struct guest *guest, uint64_t fault_address);

// Log why the guest was killed, where it was and its registers.
void guest_report_killed(const struct guest *guest);

// Log the code that it exited with.
void guest_report_exited(const struct guest *guest);

// Log that it waits to be made again, that it has been, and why it has not been (guest_restart.h).
void guest_report_waits(const struct guest *guest);
void guest_report_made_again(const struct guest *guest, uint32_t old_id);
void guest_report_not_made_again(const struct guest *guest, const char *reason);

// Log nothing of all this any more, or again; what the guest structures tell stays. For who makes guests by the
// thousand. Boot CPU.
void guest_report_set_quiet(bool quiet);
