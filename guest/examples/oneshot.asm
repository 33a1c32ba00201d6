; SPDX-License-Identifier: BSD-2-Clause
; A whole guest: asks for one event in a quarter of a second, sleeps until it is due, says so, and ends with 0.
;   nasm -f elf64 oneshot.asm && ld -T guest.ld -o oneshot.elf oneshot.o

HCALL_SET_CLOCKEVENT    equ 1           ; the calls of abi/lull.h: number in rax; rdi, rsi, rdx; result in rax
HCALL_HALT              equ 4
HCALL_CONSOLE_WRITE     equ 7
HCALL_EXIT              equ 8
PENDING                 equ 0x200008    ; the interrupts that wait, a bit for each, in the vCPU page

section .text
global guest_start
guest_start:                            ; virtual interrupts are off, and no handler is set
        mov     eax, HCALL_SET_CLOCKEVENT
        mov     edi, 250000000          ; nanoseconds from now
        syscall
        mov     eax, HCALL_HALT         ; until an interrupt is pending
        syscall
        mov     ebx, [PENDING]
        mov     eax, HCALL_CONSOLE_WRITE
        mov     edi, text
        mov     esi, text_end - text
        syscall
        mov     eax, HCALL_EXIT
        mov     edi, ebx
        xor     edi, 1                  ; 0 if it was the timer, number 0, and nothing else
        syscall

section .rodata
text:   db "a quarter of a second later", 10
text_end:
