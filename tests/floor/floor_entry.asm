; SPDX-License-Identifier: BSD-2-Clause
; The floor kernel's ways into ring 0 and back, without a superfluous instruction; floor.h describes them. What the
; CPU pushed is all that is kept. Ring 3 is the caller of each and knows which registers it loses.

%include "asm_offsets.inc"

default abs

%define LAPIC_EOI     0xfffffffffee000b0
%define LAPIC_INITIAL 0xfffffffffee00380
%define FRAME_SIZE 40           ; rip, cs, rflags, rsp, ss
%define SLEEP_SIZE 48           ; the same, pushed upon such a frame, for which the CPU aligns the stack to 16 bytes
%define RFLAGS 0x3202           ; interrupts on, IOPL 3
%define FLOOR_SLEEP 0x82
%define FLOOR_SWITCH 0x84

section .bss
global floor_stamp, floor_other_rsp, floor_rsp0
alignb 8
floor_stamp:     resq 1
floor_other_rsp: resq 1
floor_rsp0:      resq 1
resume:          resq 1         ; where ring 3 was when the handler came in between

section .text
global floor_null, floor_syscall, floor_arm, floor_sleep, floor_block, floor_switch
global floor_irq_running, floor_irq_asleep, floor_irq_blocked, floor_breakpoint, floor_fault
global floor_enter_user, floor_answer, floor_spin, floor_wait
extern floor_died

floor_null:
        iretq

floor_syscall:
        o64 sysret

floor_arm:
        mov [LAPIC_INITIAL], eax
        iretq

floor_sleep:
        sti
        hlt

floor_block:
        mov [LAPIC_INITIAL], eax
        sti
        hlt

; Each task's frame lies on a stack of its own in ring 0, at its top.
floor_switch:
        xchg rsp, [floor_other_rsp]
        lea rax, [rsp + FRAME_SIZE]
        mov rdx, [floor_rsp0]
        mov [rdx], rax
        mov rax, cr3
        mov cr3, rax
        iretq

; The event goes to the handler in ring 3, in place of where ring 3 was.
floor_irq_asleep:
        add rsp, SLEEP_SIZE     ; the sleep is over
floor_irq_running:
        mov dword [LAPIC_EOI], 0
        pop qword [resume]
        push handler
        iretq

floor_irq_blocked:
        add rsp, SLEEP_SIZE
        mov dword [LAPIC_EOI], 0
        iretq

floor_breakpoint:
        pop qword [resume]
        push exception_handler
        iretq

; Nothing else may come.
floor_fault:
        mov rdi, [rsp]
        mov rsi, [rsp + 8]
        and rsp, -16
        call floor_died

; -----------------------------------------------------------------------------------------------
; Ring 3

handler:
        rdtsc
        shl rdx, 32
        or rax, rdx
        mov [floor_stamp], rax
        jmp [resume]

exception_handler:
        jmp [resume]

; void floor_enter_user(uint64_t stack)
floor_enter_user:
        pop rax
        push SELECTOR_GUEST_DATA
        push rdi
        push RFLAGS
        push SELECTOR_GUEST_CODE
        push rax
        iretq

floor_answer:
        int FLOOR_SWITCH
        jmp floor_answer

; rax and rdx are the handler's.
floor_spin:
        cmp qword [floor_stamp], 0
        je floor_spin
        ret

floor_wait:
        int FLOOR_SLEEP
        ret
