; SPDX-License-Identifier: BSD-2-Clause
; Traps with known values in every register, for registers.c: (rdi = in, rsi = out).
; Order of the words: rax rbx rbp r12 r13 r14 r15, rcx rdx rsi rdi r8 r9 r10 r11, rflags.

%include "guest_offsets.inc"

section .text

global registers_int, registers_syscall, registers_spin

%macro SAVE_CALLER 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rsi                    ; out
%endmacro

; rdi is loaded last, since it points to the words.
%macro LOAD_ALL 0
    push qword [rdi + 15 * 8]
    popfq
    mov rax, [rdi + 0 * 8]
    mov rbx, [rdi + 1 * 8]
    mov rbp, [rdi + 2 * 8]
    mov r12, [rdi + 3 * 8]
    mov r13, [rdi + 4 * 8]
    mov r14, [rdi + 5 * 8]
    mov r15, [rdi + 6 * 8]
    mov rcx, [rdi + 7 * 8]
    mov rdx, [rdi + 8 * 8]
    mov rsi, [rdi + 9 * 8]
    mov r8, [rdi + 11 * 8]
    mov r9, [rdi + 12 * 8]
    mov r10, [rdi + 13 * 8]
    mov r11, [rdi + 14 * 8]
    mov rdi, [rdi + 10 * 8]
%endmacro

; Finds `out` on the stack: a wrong rsp does not survive this.
%macro STORE_ALL 0
    pushfq
    push rdi
    mov rdi, [rsp + 16]
    mov [rdi + 0 * 8], rax
    mov [rdi + 1 * 8], rbx
    mov [rdi + 2 * 8], rbp
    mov [rdi + 3 * 8], r12
    mov [rdi + 4 * 8], r13
    mov [rdi + 5 * 8], r14
    mov [rdi + 6 * 8], r15
    mov [rdi + 7 * 8], rcx
    mov [rdi + 8 * 8], rdx
    mov [rdi + 9 * 8], rsi
    pop qword [rdi + 10 * 8]
    mov [rdi + 11 * 8], r8
    mov [rdi + 12 * 8], r9
    mov [rdi + 13 * 8], r10
    mov [rdi + 14 * 8], r11
    pop qword [rdi + 15 * 8]
    pop rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    cld
    ret
%endmacro

registers_int:
    SAVE_CALLER
    LOAD_ALL
    int HCALL_VECTOR
    STORE_ALL

registers_syscall:
    SAVE_CALLER
    LOAD_ALL
    syscall
    STORE_ALL

; rdx = address of the word that ends the loop. It is kept in memory, so that the loop itself changes
; no register but rax and the flags.
registers_spin:
    SAVE_CALLER
    mov [rel spin_word], rdx
    LOAD_ALL
.again:
    mov rax, [rel spin_word]
    cmp qword [rax], 0
    je .again
    STORE_ALL

section .bss
spin_word: resq 1
