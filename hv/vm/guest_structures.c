// SPDX-License-Identifier: BSD-2-Clause
// The structures of a guest. The model is in guest_structures.h.
#include "vm/guest_structures.h"

#include <stddef.h>

#include "core/page_alloc.h"

_Static_assert(sizeof(struct guest) <= PAGE_ALLOC_PAGE_SIZE, "a guest is allocated as one page");

struct guest *guest_structures_alloc(void)
{
    struct guest *guest = page_alloc_mapped();

    if (guest == NULL)
        return NULL;
    guest->vcpu = page_alloc_mapped();
    guest->console = page_alloc_mapped();
    if (guest->vcpu == NULL || guest->console == NULL) {
        guest_structures_free(guest);
        return NULL;
    }
    return guest;
}

void guest_structures_free(struct guest *guest)
{
    if (guest == NULL)
        return;
    page_free_mapped(guest->vcpu);
    page_free_mapped(guest->console);
    page_free_mapped(guest);
}
