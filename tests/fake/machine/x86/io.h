// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/io.h in host tests: the ports of the fake machine.
#pragma once

#include <stdint.h>

#include "machine.h"

static inline uint8_t io_in8(uint16_t port)
{
    return (uint8_t)machine_in(port, 1);
}

static inline uint16_t io_in16(uint16_t port)
{
    return (uint16_t)machine_in(port, 2);
}

static inline uint32_t io_in32(uint16_t port)
{
    return machine_in(port, 4);
}

static inline void io_out8(uint16_t port, uint8_t value)
{
    machine_out(port, 1, value);
}

static inline void io_out16(uint16_t port, uint16_t value)
{
    machine_out(port, 2, value);
}

static inline void io_out32(uint16_t port, uint32_t value)
{
    machine_out(port, 4, value);
}
