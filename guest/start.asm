; SPDX-License-Identifier: BSD-2-Clause
; The first instructions of a guest: rdi holds the start page, rsp the top of the stack, virtual interrupts
; are off and every other register is zero (abi/README.md, "How a guest starts").

%include "guest_offsets.inc"

; What this image needs of the hypervisor (struct lull_note_abi): the ABI as of its headers, no feature beyond.
section .note.lull note alloc noexec nowrite align=4
        dd 5, 12, NOTE_ABI
        db "Lull", 0, 0, 0, 0
        dd ABI_VERSION
        dq 0

section .text

global guest_start
extern guest_main

guest_start:
    xor ebp, ebp            ; the end of every chain of stack frames
    call guest_main
    ud2                     ; guest_main does not return
