// SPDX-License-Identifier: BSD-2-Clause
// What a vCPU has of storm.h.
#pragma once

#include <stdint.h>

struct storm {
    uint64_t toll_tsc;     // the toll in its own virtual time
    int64_t tokens;        // events that may still interrupt others before it is looked what time has brought
    uint64_t token_tsc;    // a token comes every so often
    uint64_t refilled_tsc; // up to when its tokens have been counted
};
