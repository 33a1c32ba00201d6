// SPDX-License-Identifier: BSD-2-Clause
// The structures of a guest. The model is in guest_structures.h.
#include "vm/guest_structures.h"

#include <stddef.h>

#include "core/page_alloc.h"
#include "x86/paging.h"

_Static_assert(sizeof(struct guest) <= PAGE_ALLOC_PAGE_SIZE, "a guest is allocated as one page");

static void *alloc_page(void)
{
    uint64_t phys = page_alloc();

    return phys != 0 ? phys_to_virt(phys) : NULL;
}

static void free_page(void *page)
{
    if (page != NULL)
        page_free(virt_to_phys(page));
}

struct guest *guest_structures_alloc(void)
{
    struct guest *guest = alloc_page();

    if (guest == NULL)
        return NULL;
    guest->vcpu = alloc_page();
    guest->console = alloc_page();
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
    free_page(guest->vcpu);
    free_page(guest->console);
    free_page(guest);
}
