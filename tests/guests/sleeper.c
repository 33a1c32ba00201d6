// SPDX-License-Identifier: BSD-2-Clause
// Halts for ever with nothing armed: never wakes, and can be killed all the same. With runtime= it has a timer on its own
// running time, which stands still meanwhile.
#include "test.h"

#include <lib/time.h>

int test_main(void)
{
    hypercall_set_runtime(args_duration_ns("runtime", LULL_TIME_NEVER, 1, LULL_TIME_NEVER));
    for (;;)
        hypercall_halt();
}
