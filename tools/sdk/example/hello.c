// SPDX-License-Identifier: BSD-2-Clause
// A guest: says hello, sleeps again and again, and says how late it was woken.
//
// Arguments, behind `--` of its module line: period=1s between two lines; n=10 lines, and then it ends; 0: it never does.
#include <abi/lull.h>
#include <args.h>
#include <clock.h>
#include <console.h>
#include <hypercall.h>
#include <pages.h>

#define SECOND_NS 1000000000ull

_Noreturn void guest_main(const struct lull_start_page *start);

_Noreturn void guest_main(const struct lull_start_page *start)
{
    uint64_t period_ns = args_duration_ns("period", SECOND_NS, 1000, 3600 * SECOND_NS);
    uint64_t count = args_u64("n", 0, 0, UINT32_MAX);
    uint64_t deadline_ns = clock_now_ns();

    console_print("hello from %s, guest %u, by ABI version %u\n", start->name, start->guest_id, start->abi_version);
    for (uint64_t i = 1; i <= count || count == 0; i++) {
        deadline_ns += period_ns; // absolute: what happens meanwhile moves nothing
        hypercall_block(deadline_ns, 0);
        console_print("%llu: woken %lld ns behind the deadline\n", (unsigned long long)i, (long long)pages_vcpu()->block.late_ns);
    }
    hypercall_exit(0);
}
