// SPDX-License-Identifier: BSD-2-Clause
// The body of a loop that waits for another CPU. Intel SDM vol. 2B, PAUSE.
#pragma once

static inline void pause(void)
{
    __builtin_ia32_pause();
}
