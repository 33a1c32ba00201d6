; SPDX-License-Identifier: BSD-2-Clause
; Where the hypervisor enters the guest: the interrupt upcall, the exception upcall, and the way back that
; needs no trap.
;
; At both entries virtual interrupts are off, the flags are clean, and rsp points to what was pushed (abi/lull.h), top
; of stack at the top of this table:
;
;       upcall_interrupt        upcall_exception
;                               vector
;                               error
;       rflags (virtual IF)     rflags
;       rip                     rip
;       red zone, 128 bytes     red zone, 128 bytes
;
; The stack is aligned as the interrupted code left it, so it has to be aligned for C.

%include "guest_offsets.inc"

default abs
section .text

global upcall_interrupt, upcall_exception, upcall_window_start, upcall_window_end
extern irq_dispatch, exception_dispatch

upcall_interrupt:
    push rax                ; the registers that C may change
    push rcx
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push rbp
    mov rbp, rsp
    and rsp, -16
    call irq_dispatch
    mov rsp, rbp
    pop rbp
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rax

; From here on rsp points to the frame and every other register is that of the interrupted code, except the
; flags, which popfq loads.
;
; Enabling and returning are two steps, and an interrupt that arrives between them must neither be lost nor
; pile a new frame on top of this one. So the instructions from upcall_window_start up to the ret are
; declared to the hypervisor as the return window: an interrupt that must be delivered there takes the frame
; that is already on the stack and starts upcall_interrupt again. Inside the window nothing may be pushed and
; no register changed.
upcall_return:
    test dword [rsp + FRAME_RFLAGS], RFLAGS_IF
    jz upcall_return_disabled
    mov dword [VCPU_IRQ_ENABLED], 1
upcall_window_start:
    cmp qword [VCPU_PENDING], 0
    je upcall_return_enabled
    mov dword [VCPU_IRQ_ENABLED], 0
    jmp upcall_return_by_call
upcall_return_enabled:
    popfq
upcall_window_end:
    ret RED_ZONE

; The hypervisor leaves the upcall in our place. Here for one of two reasons, with interrupts off, because from the
; push on rsp is not the frame:
; - Something became pending while interrupts were off. It may be a masked one, so looking again would not end; the
;   call delivers what it can, and otherwise goes through the frame.
; - The interrupted code is being single-stepped. TF, once popfq has loaded it, traps behind the next instruction,
;   which would be our ret and never one of that code.
upcall_return_by_call:
    push rax                ; the call takes it back from here
    mov eax, HCALL_UPCALL_RETURN
    int HCALL_VECTOR
    ud2                     ; the call does not come back here

upcall_return_disabled:
    popfq
    ret RED_ZONE

; struct exception in exception.h is what is pushed here. All registers are saved: the handler may print or
; change them.
upcall_exception:
    push rax
    push rcx
    push rdx
    push rbx
    push rbp
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rdi, rsp
    mov rbp, rsp
    and rsp, -16
    call exception_dispatch
    mov rsp, rbp
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    pop rdx
    pop rcx
    pop rax
    add rsp, EXCEPTION_FRAME ; the vector and the error code
    test dword [rsp + FRAME_RFLAGS], RFLAGS_TF
    jnz upcall_return_by_call
    jmp upcall_return
