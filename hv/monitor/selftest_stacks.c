// SPDX-License-Identifier: BSD-2-Clause
// How deep the stacks were, after everything that the self-test does.

#include "monitor/selftest_stacks.h"

#include "monitor/selftest.h"
#include "x86/cpu.h"
#include "x86/stacks.h"

#define ULL(value) ((unsigned long long)(value))

void selftest_stacks(void)
{
    uint64_t main_used = 0;

    for (uint32_t i = 0; i < cpu_count; i++) {
        for (enum stacks_kind kind = 0; kind < STACKS_KINDS; kind++) {
            uint64_t used = stacks_used(&cpu_stacks[i], kind), size = stacks_size(kind);

            if (kind == STACKS_MAIN && used > main_used)
                main_used = used;
            if (used <= size / 2)
                continue;
            selftest_report("stacks", SELFTEST_FAILURE,
                            "the %s stack of CPU %u was in use up to %llu of %llu bytes, more than half",
                            stacks_name(kind), i, ULL(used), ULL(size));
            return;
        }
    }
    selftest_report("stacks", SELFTEST_SUCCESS, "at most %llu of %u bytes in use", ULL(main_used),
                    STACKS_MAIN_SIZE);
}
