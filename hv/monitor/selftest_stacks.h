// SPDX-License-Identifier: BSD-2-Clause
// The self-test's last question: whether a stack has come near its end in all that went before.
#pragma once

// Reports. Once, behind all other tests.
void selftest_stacks(void);
