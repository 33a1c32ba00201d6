// SPDX-License-Identifier: BSD-2-Clause
// Stands in for hv/x86/io.h in the test of the panic path: the test provides the functions.
#pragma once

#include <stdint.h>

uint8_t io_in8(uint16_t port);
void io_out8(uint16_t port, uint8_t value);
void io_out32(uint16_t port, uint32_t value);
