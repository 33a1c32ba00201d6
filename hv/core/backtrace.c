// SPDX-License-Identifier: BSD-2-Clause
// Follows frame pointers.
#include "core/backtrace.h"

#include <stddef.h>

#include "core/log.h"
#include "core/symbols.h"
#include "lib/bits.h"
#include "x86/paging.h"
#include "x86/peek.h"

#define DEPTH_MAX 32
#define STACK_MAX 65536ull // no stack of the hypervisor is larger

struct stack_frame {
    uint64_t caller_rbp;
    uint64_t return_address;
};

// The address is `behind` bytes behind the one whose function is named.
static void print(const char *role, uint64_t address, uint64_t behind)
{
    uint64_t offset;
    const char *name = symbols_lookup(address - behind, &offset);

    if (name != NULL) {
        log_print("  %s %016llx %s+0x%llx\n", role, (unsigned long long)address, name,
                  (unsigned long long)offset + behind);
    } else {
        log_print("  %s %016llx\n", role, (unsigned long long)address);
    }
}

void backtrace_print_address(const char *role, uint64_t address)
{
    print(role, address, 0);
}

// Every stack lies in the image's map, which ends with the address space.
bool backtrace_on_stack(uint64_t address)
{
    return address >= PAGING_IMAGE_MAP;
}

void backtrace_print(uint64_t rbp)
{
    for (int i = 0; i < DEPTH_MAX && backtrace_on_stack(rbp) && is_aligned(rbp, 8); i++) {
        struct stack_frame frame;

        if (!peek(&frame, (const void *)rbp, sizeof(frame)) || frame.return_address == 0)
            return;
        // A call that does not return may be the last instruction of its function.
        print("from", frame.return_address, 1);
        if (frame.caller_rbp <= rbp || frame.caller_rbp - rbp > STACK_MAX)
            return;
        rbp = frame.caller_rbp;
    }
}
