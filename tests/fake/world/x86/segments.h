// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/segments.h in host tests, which have no segments.
#pragma once

static inline void segments_reset(void)
{
}
