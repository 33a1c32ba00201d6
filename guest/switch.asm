; SPDX-License-Identifier: BSD-2-Clause
; The switch between two threads: what a C function must preserve (System V ABI, AMD64, 3.2.1), which is six registers, the
; stack pointer and the control words of SSE and x87.

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
    sub rsp, 8
    stmxcsr [rsp]
    fnstcw [rsp + 4]
    mov [rdi], rsp
    mov rsp, rsi
    ldmxcsr [rsp]
    fldcw [rsp + 4]
    add rsp, 8
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
