; SPDX-License-Identifier: BSD-2-Clause
; Where the hypervisor enters the guest: the interrupt upcall, the exception upcall, and the way back that
; needs no trap.
;
; At both entries virtual interrupts are off and rsp points to what was pushed (abi/lull.h), top of stack at
; the top of this table:
;
;       upcall_interrupt        upcall_exception
;                               vector
;                               error
;       rip                     rip
;       cs                      cs
;       rflags (virtual IF)     rflags
;       rsp                     rsp
;       ss                      ss
;
; The frame of five words ends on a 16-byte boundary plus 8, so an odd number of pushes aligns the stack for C.

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
    cld
    call irq_dispatch
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
; flags, which iretq loads.
;
; Enabling and returning are two steps, and an interrupt that arrives between them must neither be lost nor
; pile a new frame on top of this one. So the code between upcall_window_start and upcall_window_end is
; declared to the hypervisor as the return window: an interrupt that must be delivered there takes the frame
; that is already on the stack and starts upcall_interrupt again. Inside the window nothing may be pushed and
; no register changed.
upcall_return:
    test dword [rsp + FRAME_RFLAGS], RFLAGS_IF
    jz upcall_return_disabled
    mov dword [VCPU_IRQ_ENABLED], 1
upcall_window_start:
    cmp qword [VCPU_PENDING], 0
    jne upcall_return_pending
    iretq

; Something became pending while interrupts were off. It may also be a masked one, so this path must make
; progress by itself: the hypervisor delivers what it can, and otherwise loads the frame in our place.
; Interrupts go off again as the last step in the window, because from the push on rsp is not the frame.
upcall_return_pending:
    mov dword [VCPU_IRQ_ENABLED], 0
upcall_window_end:
    push rax                ; the call takes it back from here
    mov eax, HCALL_UPCALL_RETURN
    int HCALL_VECTOR
    ud2                     ; the call does not come back here

upcall_return_disabled:
    iretq

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
    cld
    mov rdi, rsp
    call exception_dispatch
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
    jmp upcall_return
