; SPDX-License-Identifier: BSD-2-Clause
; The assembly half of the micro-benchmark; micro.h describes it.

%include "guest_offsets.inc"

default abs

section .bss
global micro_stamp
align 8
micro_stamp: resq 1

section .text
global micro_interrupt, micro_exception, micro_spin, micro_halt, micro_return

; The stack is as it was pushed by the hypervisor; returning does not turn interrupts on, whatever the frame says.
micro_interrupt:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [micro_stamp], rax
    lock and qword [VCPU_PENDING], 0
    popfq
    ret RED_ZONE

micro_exception:
    add rsp, EXCEPTION_FRAME
    popfq
    ret RED_ZONE

; bool micro_spin(uint64_t rounds): rbx counts down, since micro_interrupt loses rax and rdx, and a call more.
micro_spin:
    push rbx
    mov rbx, rdi
    mov dword [VCPU_IRQ_ENABLED], 1
    cmp qword [VCPU_PENDING], 0
    je .again
    mov eax, HCALL_DELIVER  ; it has come before it was waited for
    int HCALL_VECTOR
.again:
    cmp qword [micro_stamp], 0
    jne .came
    dec rbx
    jnz .again
    mov dword [VCPU_IRQ_ENABLED], 0
    xor eax, eax
    pop rbx
    ret
.came:
    mov eax, 1
    pop rbx
    ret

; void micro_halt(void)
micro_halt:
    mov eax, HCALL_HALT
    int HCALL_VECTOR
    ret

; void micro_return(void): makes an upcall frame as the hypervisor does, and leaves it by the slow way.
micro_return:
    sub rsp, RED_ZONE
    push .back
    push 0                  ; rflags: interrupts stay off
    push rax
    mov eax, HCALL_UPCALL_RETURN
    int HCALL_VECTOR
.back:
    ret
