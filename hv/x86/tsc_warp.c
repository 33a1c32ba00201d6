// SPDX-License-Identifier: BSD-2-Clause
// Compares the time stamp counters of two CPUs.
#include "x86/tsc_warp.h"

#include "x86/pause.h"
#include "x86/tsc.h"

static bool await_turn(const struct tsc_warp *test, uint32_t turn, uint64_t patience_tsc)
{
    uint64_t start_tsc = tsc_read();

    while (__atomic_load_n(&test->turn, __ATOMIC_ACQUIRE) != turn) {
        if (tsc_read() - start_tsc > patience_tsc)
            return false;
        pause();
    }
    return true;
}

bool tsc_warp_take_part(struct tsc_warp *test, bool second, uint64_t patience_tsc)
{
    for (uint32_t read = 0; read < TSC_WARP_READS; read++) {
        uint32_t turn = 2 * read + second;

        if (!await_turn(test, turn, patience_tsc))
            return false;
        uint64_t now_tsc = tsc_read_ordered();
        if (now_tsc < test->last_tsc && test->last_tsc - now_tsc > test->worst_tsc)
            test->worst_tsc = test->last_tsc - now_tsc;
        test->last_tsc = now_tsc;
        __atomic_store_n(&test->turn, turn + 1, __ATOMIC_RELEASE);
    }
    return await_turn(test, 2 * TSC_WARP_READS, patience_tsc);
}
