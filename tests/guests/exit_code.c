// SPDX-License-Identifier: BSD-2-Clause
// Exits with the code given by the argument code=; the hypervisor must report that code.
#include "test.h"

int test_main(void)
{
    hypercall_exit(args_u64("code", 1, 0, UINT64_MAX));
}
