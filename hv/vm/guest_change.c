// SPDX-License-Identifier: BSD-2-Clause
// What the operator changes about guests while they live.
#include "vm/guest_change.h"

#include <stddef.h>

#include "abi/lull.h"
#include "lib/string.h"
#include "vm/guest.h"
#include "vm/guest_image.h"
#include "vm/request.h"
#include "vm/vcpu.h"
#include "x86/cpu.h"

static bool ask_owner(struct guest *guest, enum request_deed deed, uint32_t value)
{
    struct request_guest request = { .guest = guest, .deed = deed, .value = value };

    return request_guest(&request);
}

bool guest_set_weight(struct guest *guest, uint32_t weight)
{
    return ask_owner(guest, REQUEST_WEIGHT, weight);
}

bool guest_pin(struct guest *guest, uint32_t cpu)
{
    return ask_owner(guest, REQUEST_PIN, cpu);
}

struct guest *guest_restart(struct guest *guest, const char **reason)
{
    static char arguments[LULL_ARGS_SIZE], name[GUEST_NAME_SIZE];
    const struct vcpu *vcpu = guest->vcpu;
    const struct guest_config config = {
        .image = guest->image->bytes,
        .image_size = guest->image->size,
        .name = name,
        .instance = guest->instance,
        .memory_bytes = guest->ram_end - guest->ram_start,
        .arguments = arguments,
        .cpu = vcpu->pinned ? vcpu->cpu->id : GUEST_CPU_ANY,
        .weight = vcpu->weight,
    };

    memcpy(arguments, vcpu->arguments, sizeof(arguments));
    memcpy(name, guest->name, sizeof(name));
    guest_destroy(guest);
    return guest_create(&config, reason);
}
