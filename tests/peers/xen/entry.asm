; SPDX-License-Identifier: BSD-2-Clause
; The measuring kernel's entries, in place of guest/apps/micro_entry.asm, and the notes by which Xen knows what it loads.

default abs

%define UPCALL_PENDING 0        ; struct xen_vcpu_info
%define UPCALL_MASK 1
%define PENDING_WORDS 8
%define PENDING 2048            ; struct xen_shared_info

%define XEN_VERSION 17
%define XEN_IRET 23
%define XEN_SCHED_OP 29
%define XEN_SCHED_BLOCK 1

; What Xen pushes on the guest's stack, lowest first.
%define FRAME_RIP 16            ; behind rcx and r11
%define FRAME_RFLAGS 32
%define FRAME_RSP 40

; ---- Notes: elfnote.h -------------------------------------------------------------------------------------------------

%macro note_text 2
        dd 4, %%end - %%text, %1
        db "Xen", 0
%%text: db %2, 0
%%end:  align 4, db 0
%endmacro

%macro note_number 2
        dd 4, 8, %1
        db "Xen", 0
        dq %2
%endmacro

section .note.xen note alloc noexec nowrite align=4
        note_text 6, "Lull's benchmark"         ; GUEST_OS
        note_text 5, "xen-3.0"                  ; XEN_VERSION
        note_text 8, "generic"                  ; LOADER
        note_text 9, "yes"                      ; PAE_MODE
        note_text 10, "!writable_page_tables"   ; FEATURES
        note_number 1, entry_first              ; ENTRY
        note_number 3, 0                        ; VIRT_BASE: addresses are frame numbers times the page size
        note_number 4, 0                        ; PADDR_OFFSET

section .bss
global micro_stamp, entry_stack_top
align 16
micro_stamp: resq 2
resb 16384
entry_stack_top:

section .text
extern xen_main, xen_main_second, xen_vcpu, xen_shared, xen_other_events
global entry_first, entry_second, entry_exception_iret
global micro_interrupt, micro_exception, micro_spin, micro_halt

; rsi holds the start information, rsp the top of the one page of stack that Xen gives.
entry_first:
    cld
    mov rdi, rsi
    mov rsi, rsp
    mov rsp, entry_stack_top
    xor ebp, ebp
    call xen_main
    ud2

entry_second:
    xor ebp, ebp
    call xen_main_second
    ud2

; The way back is not iretq: its stack reads count as the supervisor's in QEMU's TCG, also in ring 3, and fault under SMAP. So
; rip and rflags go below the interrupted stack's top, which may overwrite ss and rsp of the frame. rax and rdx are lost.
micro_interrupt:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [micro_stamp], rax
    mov rax, [xen_vcpu]
    mov byte [rax + UPCALL_PENDING], 0
    mov qword [rax + PENDING_WORDS], 0
    mov rax, [xen_other_events]
    lock and [xen_shared + PENDING], rax
    mov rax, [rsp + FRAME_RSP]
    mov rdx, [rsp + FRAME_RIP]
    mov [rax - 8], rdx
    mov rdx, [rsp + FRAME_RFLAGS]
    mov [rax - 16], rdx
    pop rcx
    pop r11
    lea rsp, [rax - 16]
    popfq
    ret

; The same, and nothing is lost.
micro_exception:
    push rax
    push rdx
    mov rax, [rsp + 16 + FRAME_RSP]
    mov rdx, [rsp + 16 + FRAME_RIP]
    mov [rax - 8], rdx
    mov rdx, [rsp + 16 + FRAME_RFLAGS]
    mov [rax - 16], rdx
    sub rax, 16
    mov [rsp + 16 + FRAME_RIP], rax
    pop rdx
    pop rax
    pop rcx
    pop r11
    mov rsp, [rsp]
    popfq
    ret

; The same by the call for it (xen-x86_64.h, struct iret_context).
entry_exception_iret:
    pop rcx
    pop r11
    push 0                      ; flags
    push rcx
    push r11
    push rax
    mov eax, XEN_IRET
    syscall
    ud2

; bool micro_spin(uint64_t rounds): rbx counts down, since micro_interrupt loses rax and rdx.
micro_spin:
    push rbx
    mov rbx, rdi
    mov rcx, [xen_vcpu]
    mov byte [rcx + UPCALL_MASK], 0
    cmp byte [rcx + UPCALL_PENDING], 0
    je .again
    mov eax, XEN_VERSION        ; it has come before it was waited for: any call delivers it
    xor edi, edi
    xor esi, esi
    syscall
.again:
    cmp qword [micro_stamp], 0
    jne .came
    dec rbx
    jnz .again
    mov rcx, [xen_vcpu]
    mov byte [rcx + UPCALL_MASK], 1
    xor eax, eax
    pop rbx
    ret
.came:
    mov eax, 1
    pop rbx
    ret

; void micro_halt(void)
micro_halt:
    mov eax, XEN_SCHED_OP
    mov edi, XEN_SCHED_BLOCK
    xor esi, esi
    syscall
    ret
