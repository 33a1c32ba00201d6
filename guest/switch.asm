; SPDX-License-Identifier: BSD-2-Clause
; The switch between two threads: the six registers that a C function must preserve, and the stack pointer.

section .text

global thread_switch, thread_trampoline
extern thread_begin

; void thread_switch(uint64_t **save, uint64_t *load)
; Leaves the stack pointer of the calling thread in *save and returns as the thread whose stack pointer is load.
thread_switch:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; A new thread's stack is made to look as if it had called thread_switch from here, with its
; struct thread in r12.
thread_trampoline:
    mov rdi, r12
    xor ebp, ebp
    call thread_begin
    ud2                     ; thread_begin does not return
