// SPDX-License-Identifier: BSD-2-Clause
// A bucket of tokens: that of a vCPU (storm.h), or of a CPU (storm_ring.h, which has no toll).
#pragma once

#include <stdint.h>

struct storm {
    uint64_t toll_tsc;     // the toll in its own virtual time
    int64_t tokens;        // events that may still interrupt others before it is looked what time has brought
    uint64_t token_tsc;    // a token comes every so often
    uint64_t refilled_tsc; // up to when its tokens have been counted
};
