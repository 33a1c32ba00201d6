// SPDX-License-Identifier: BSD-2-Clause
// Serving interrupts where no upcall has come: the idle loop looks at what is pending itself.
#pragma once

// Serves everything pending. Threads that are woken do not run yet. Interrupts off.
void dispatch_pending(void);
