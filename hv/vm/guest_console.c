// SPDX-License-Identifier: BSD-2-Clause
// The ring of what is typed at a guest.
#include "vm/guest_console.h"

#include "lib/bits.h"
#include "vm/guest.h"
#include "vm/guest_memory.h"
#include "vm/tracing.h"
#include "vm/vcpu.h"

bool guest_console_listens(const struct guest *guest)
{
    return __atomic_load_n(&guest->input.listens, __ATOMIC_RELAXED) != 0;
}

size_t guest_console_input(struct guest *guest, const char *bytes, size_t length)
{
    struct console_input *input = &guest->input;
    uint32_t read = __atomic_load_n(&input->read, __ATOMIC_ACQUIRE); // what lies there has been copied
    uint32_t free = LULL_CONSOLE_INPUT_SIZE - (input->written - read);
    size_t taken = length < free ? length : free;

    if (__atomic_load_n(&guest->state, __ATOMIC_ACQUIRE) != GUEST_ALIVE || !guest_console_listens(guest))
        return 0;
    for (size_t i = 0; i < taken; i++)
        input->bytes[(input->written + i) % LULL_CONSOLE_INPUT_SIZE] = bytes[i];
    __atomic_store_n(&input->written, input->written + (uint32_t)taken, __ATOMIC_RELEASE);
    if (taken > 0) {
        tracing_pends(guest->vcpu, BIT(LULL_IRQ_CONSOLE));
        vcpu_ring(guest->vcpu, BIT(LULL_IRQ_CONSOLE));
    }
    return taken;
}

int64_t guest_console_read(struct guest *guest, uint64_t guest_address, uint64_t size)
{
    struct console_input *input = &guest->input;
    uint32_t waiting = __atomic_load_n(&input->written, __ATOMIC_ACQUIRE) - input->read;
    uint32_t taken = size < waiting ? (uint32_t)size : waiting;
    uint32_t start = input->read % LULL_CONSOLE_INPUT_SIZE;
    uint32_t first = LULL_CONSOLE_INPUT_SIZE - start;

    __atomic_store_n(&input->listens, 1, __ATOMIC_RELAXED);
    if (taken == 0)
        return 0;
    if (first > taken)
        first = taken;
    if (!guest_memory_write(guest_address, input->bytes + start, first) ||
        !guest_memory_write(guest_address + first, input->bytes, taken - first))
        return LULL_EFAULT;
    __atomic_store_n(&input->read, input->read + taken, __ATOMIC_RELEASE);
    return taken;
}
