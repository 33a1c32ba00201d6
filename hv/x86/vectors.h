// SPDX-License-Identifier: BSD-2-Clause
// The vector map: every interrupt vector that this hypervisor uses, once. C and NASM (through the
// generated offsets) take the numbers from here; trap.c has one case for each.
#pragma once

// Exceptions, Intel SDM vol. 3A, table 6-1.
#define VECTOR_DE 0  // divide error
#define VECTOR_DB 1  // debug
#define VECTOR_NMI 2 // non-maskable interrupt
#define VECTOR_BP 3  // breakpoint (int3)
#define VECTOR_OF 4  // overflow (into)
#define VECTOR_BR 5  // bound range exceeded
#define VECTOR_UD 6  // invalid opcode
#define VECTOR_NM 7  // device not available
#define VECTOR_DF 8  // double fault
#define VECTOR_TS 10 // invalid TSS
#define VECTOR_NP 11 // segment not present
#define VECTOR_SS 12 // stack fault
#define VECTOR_GP 13 // general protection
#define VECTOR_PF 14 // page fault
#define VECTOR_MF 16 // x87 floating point
#define VECTOR_AC 17 // alignment check
#define VECTOR_MC 18 // machine check
#define VECTOR_XM 19 // SIMD floating point
#define VECTOR_CP 21 // control protection
#define VECTOR_EXCEPTIONS 32

// The exceptions for which the CPU itself pushes an error code.
#define VECTOR_ERROR_CODE_MASK                                                                 \
    (1u << VECTOR_DF | 1u << VECTOR_TS | 1u << VECTOR_NP | 1u << VECTOR_SS | 1u << VECTOR_GP | \
     1u << VECTOR_PF | 1u << VECTOR_AC | 1u << VECTOR_CP)

// Device interrupts. The legacy PIC is remapped to its own block and masked, so that a spurious
// IRQ 7 or 15 of it cannot be taken for an exception.
#define VECTOR_PIC 0x20 // .. 0x2f
#define VECTOR_UART 0x30
#define VECTOR_HPET 0x31
#define VECTOR_ACPI 0x32
#define VECTOR_GUARD 0x33 // behind the timer's own, so that it is served later where both are pending

#define VECTOR_KICK 0x34 // another CPU has something for this one: vm/mail.h

#define VECTOR_HYPERCALL 0x80 // the one gate that ring 3 may use; LULL_HCALL_VECTOR of the ABI

#define VECTOR_LAPIC_TIMER 0xf0
#define VECTOR_LAPIC_ERROR 0xfe
#define VECTOR_LAPIC_SPURIOUS 0xff // its low four bits must be ones, Intel SDM vol. 3A 10.9

#define VECTOR_COUNT 256

// Not a vector: the idle sleep ended without an interrupt.
#define VECTOR_NONE 0x100
