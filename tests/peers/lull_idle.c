// SPDX-License-Identifier: BSD-2-Clause
// The idle machine under Lull: idle_s= seconds.
#include "args.h"
#include "hypercall.h"
#include "idle_run.h"
#include "irq.h"

#include <lib/time.h>

_Noreturn void guest_main(const struct lull_start_page *start); // called by start.asm

_Noreturn void guest_main(const struct lull_start_page *start)
{
    (void)start;
    irq_disable();
    idle_run(args_u64("idle_s", 1, 1, 1000) * NSEC_PER_SEC);
    hypercall_exit(0);
}
