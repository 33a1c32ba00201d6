// SPDX-License-Identifier: BSD-2-Clause
// The three pages that a guest shares with the hypervisor, at their fixed addresses.
#pragma once

#include <abi/lull.h>

// The vCPU page. The hypervisor changes it whenever this vCPU is in the hypervisor, so it is volatile: an
// interrupt can change any word between two instructions. No other vCPU writes it, hence no barriers; only
// `pending` needs locked instructions, because bits are set by the hypervisor and cleared by us.
static inline volatile struct lull_vcpu_page *pages_vcpu(void)
{
    return (volatile struct lull_vcpu_page *)LULL_VCPU_PAGE;
}

// The time page, read-only. To be read by clock.c alone, which knows its protocol.
static inline const volatile struct lull_time_page *pages_time(void)
{
    return (const volatile struct lull_time_page *)LULL_TIME_PAGE;
}

// The start page, read-only and constant.
static inline const struct lull_start_page *pages_start(void)
{
    return (const struct lull_start_page *)LULL_START_PAGE;
}
