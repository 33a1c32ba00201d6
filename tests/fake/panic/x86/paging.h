// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/paging.h in the test of the panic path: what counts as the hypervisor's image is an array.
#pragma once

#include <stdint.h>

extern uint64_t fake_image[64];

#define PAGING_IMAGE_MAP ((uint64_t)fake_image)
