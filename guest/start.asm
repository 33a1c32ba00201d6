; SPDX-License-Identifier: BSD-2-Clause
; The first instructions of a guest: rdi holds the start page, rsp the top of the stack, virtual interrupts
; are off and every other register is zero (abi/README.md, "How a guest starts").

section .text

global guest_start
extern guest_main

guest_start:
    xor ebp, ebp            ; the end of every chain of stack frames
    call guest_main
    ud2                     ; guest_main does not return
