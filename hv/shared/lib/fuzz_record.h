// SPDX-License-Identifier: BSD-2-Clause
// What a fuzzing guest (tests/guests/fuzz.c) leaves in its vCPU page for mode=fuzz (monitor/fuzz.h) to read when it has
// ended: how many operations it made, and the last ones. The guest destroys its own memory as it goes, this too, so
// the count is valid only with its check; a count without it counts as 0.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_RECORD_OFFSET 2048u // in the vCPU page, far behind struct lull_vcpu_page
#define FUZZ_LAST 8u             // operations that are remembered: number n is in last[n % FUZZ_LAST]

// HCALL_EXIT's code of a guest that was let do what it must not: FUZZ_FOUND | one of fuzz.h's FUZZ_FOUND_*.
#define FUZZ_FOUND UINT64_C(0x666f756e64000000)
#define FUZZ_FOUND_MASK UINT64_C(0xffffffffff000000)

struct fuzz_operation {
    uint64_t kind, rip;          // enum fuzz_kind (tests/guests/fuzz.h); where it began
    uint64_t rax, rdi, rsi, rsp; // with what
};

struct fuzz_record {
    uint64_t seed;
    uint64_t count; // operations begun
    uint64_t check; // fuzz_record_check() of the two
    uint64_t reserved;
    struct fuzz_operation last[FUZZ_LAST];
};

_Static_assert(FUZZ_RECORD_OFFSET + sizeof(struct fuzz_record) <= 4096, "it is in the vCPU page");

static inline uint64_t fuzz_record_check(uint64_t seed, uint64_t count)
{
    return (count ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd) ^ seed;
}

// Whether it is what a guest with this seed has left, of at most `limit` operations.
static inline bool fuzz_record_valid(const struct fuzz_record *record, uint64_t seed, uint64_t limit)
{
    return record->seed == seed && record->count <= limit &&
           record->check == fuzz_record_check(seed, record->count);
}
