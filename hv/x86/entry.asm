; SPDX-License-Identifier: BSD-2-Clause
; All ways into the hypervisor, and the way into a guest.
;
; Registers of a context are pushed in the order of struct trap_frame. From ring 3 they go straight into the vCPU's
; frame, because TSS.rsp0 points to its end. From ring 0 they go on the current stack; that is a fault at a guest's
; memory, or a bug, for the hypervisor runs with interrupts off. Only in the idle sleep do interrupts reach ring 0, and
; there nothing is saved: entry_idle() is a C function, whose caller expects no scratch register back.
; Invariants:
;   - ring 3 runs with the guest's GS base, the hypervisor with its own: swapgs at each crossing;
;   - AC and DF are cleared before any C code runs: a guest that sets AC would switch SMAP off for us.
; After this file read hv/trap.c: it has one case for each vector.

%include "asm_offsets.inc"
%include "entry_macros.inc"

extern hypercall_table          ; hv/vm/hypercall.c: one C function for each call of the fast path
extern hypercall_fast_count
extern trap_from_guest          ; hv/trap.c
extern trap_in_hypervisor
extern trap_fatal

default rel

section .text

; -----------------------------------------------------------------------------------------------
; Into the guest. Called by entry_run(). The return address and rbp wait at cpu->stack until the run loop
; has something to decide; handlers of traps and hypercalls use the stack below.

global entry_guest
entry_guest:
        push rbp
        mov [gs:CPU_STACK], rsp
        mov rsp, [gs:CPU_GUEST]
        POP_PRESERVED
        RESUME_GUEST

; -----------------------------------------------------------------------------------------------
; The idle sleep. sti takes effect after the next instruction, so nothing can come between it and hlt.
global entry_idle, entry_way_out
entry_idle:
        sti
        hlt
.woken:                         ; the rip of every interrupt that ends the sleep
        cli                     ; reached only if hlt ended without one
        mov eax, VECTOR_NONE
        ret

; -----------------------------------------------------------------------------------------------
; The stubs. Each but that of the hypercall leaves `vector` and `error` on the stack for its class's common path.

%assign vector 0
%rep VECTOR_COUNT
stub_ %+ vector:
%if vector == VECTOR_HYPERCALL
        jmp entry_int_timed     ; cpu_set_watch() points the gate to an entry directly
%elif vector == VECTOR_DB
        jmp debug
%else
  %if vector >= VECTOR_EXCEPTIONS || (VECTOR_ERROR_CODE_MASK & (1 << vector)) == 0
        push 0
  %endif
        push vector
  %if vector == VECTOR_DF || vector == VECTOR_NMI || vector == VECTOR_MC
        jmp fatal
  %elif vector >= VECTOR_EXCEPTIONS && vector != VECTOR_KICK && vector != VECTOR_UART
        jmp interrupt
  %else
        jmp trap
  %endif
%endif
%assign vector vector + 1
%endrep

; Interrupts and exceptions. Most are over when trap_from_guest() returns true, and the guest goes straight on; the run
; loop is left out, and the registers that C preserves are still the guest's. An interrupt does not even save those,
; unless the run loop must decide. An exception may have to be shown with all registers; and a word of another CPU or of
; the operator may move the vCPU to another CPU, which runs it before this one is done.
interrupt:
        CROSS_FROM_GUEST
        PUSH_SCRATCH
        lea rdi, [rsp - FRAME_R11]
        mov rsp, [gs:CPU_STACK]
        call trap_from_guest
        test al, al
        jz .leave
        mov rsp, [gs:CPU_GUEST]
        add rsp, FRAME_R11
        RESUME_GUEST
.leave:
        cmp qword [gs:CPU_VCPU], 0 ; the interrupt may have ended the guest, and its frame may be gone
        je back_to_run_loop
        mov rdi, [gs:CPU_GUEST]
        call save_preserved
        jmp back_to_run_loop

trap:
        CROSS_FROM_GUEST
save_guest:
        PUSH_REGISTERS
        mov rdi, rsp            ; the vCPU begins with its frame
serve_guest:
        mov rsp, [gs:CPU_STACK]
        call trap_from_guest
        test al, al
        jz back_to_run_loop
        mov rsp, [gs:CPU_GUEST]
        add rsp, FRAME_R11
        RESUME_GUEST

back_to_run_loop:
        mov rsp, [gs:CPU_STACK]
        pop rbp
        ret                     ; from entry_guest, into entry_run()

from_hypervisor:
        cmp qword [rsp + 16], entry_idle.woken
        jne .fault
        pop rax                 ; the vector is what entry_idle() returns
        mov rsp, [rsp + 32]     ; drop error, rip, cs, rflags; rsp as it was before the interrupt
        ret
.fault:
        bt rsp, STACKS_ADDRESS_BIT
        jnc entry_way_out
        PUSH_REGISTERS
        CLAC
        cld
        mov rdi, rsp
        call trap_in_hypervisor
        POP_PRESERVED
        POP_SCRATCH
        add rsp, 16
        iretq
; rsp is on no stack but in a vCPU's frame, which iretq has found broken. What the CPU has pushed had room in it, what
; comes below is somebody else's. trap_fatal() finds those words, from a stack of its own.
entry_way_out:
        int VECTOR_MC

; Debug exceptions have a stack of their own, because one of them can come in ring 0 with rsp still the guest's: at
; the first instruction behind `syscall`, which switches no stack. There a CPU may report a data breakpoint that `mov
; ss` held back, and Bochs reports the single step of the `syscall` itself, though MSR_SFMASK has cleared TF by then. It
; is dropped: a guest that steps gets its next trap behind the sysret. From a guest, the frame moves to where all traps
; are.
debug:                          ; rsp points to rip
        test byte [rsp + 8], 3  ; cs
        jz .hypervisor
        swapgs
        mov [gs:CPU_SCRATCH], rax
        mov rax, [gs:CPU_GUEST]
%assign offset 0
%rep 5                          ; rip, cs, rflags, rsp, ss
        pop qword [rax + FRAME_RIP + offset]
%assign offset offset + 8
%endrep
        lea rsp, [rax + FRAME_RIP]
        mov rax, [gs:CPU_SCRATCH]
        push 0
        push VECTOR_DB
        CLAC
        cld
        inc qword [gs:CPU_CROSSINGS]
        jmp save_guest
.hypervisor:
        cmp qword [rsp], entry_syscall
        je .at_syscall
        cmp qword [rsp], entry_syscall_timed
        je .at_syscall
        cmp qword [rsp], entry_syscall_watched
        jne .bug
.at_syscall:
        iretq
.bug:
        push 0
        push VECTOR_DB
        jmp fatal

; NMI, double fault and machine check come at any moment, also between a crossing and its swapgs, so cs does not tell
; whose GS base is loaded. The hypervisor's is in the upper half; a guest cannot have one there (CR4.FSGSBASE is off).
fatal:
        PUSH_REGISTERS
        CLAC
        cld
        mov ecx, MSR_GS_BASE
        rdmsr
        test edx, edx
        js .ours
        swapgs
.ours:
        mov rdi, rsp
        call trap_fatal         ; does not return

; -----------------------------------------------------------------------------------------------
; Hypercalls. In: rax = number, rdi, rsi, rdx = arguments; the handler gets the vCPU as its fourth
; argument, in rcx, which no hypercall uses (syscall destroys it), so nothing has to be moved. The
; frame at cpu->guest holds rip .. ss; the other registers are still the guest's own.

; %1 is 1 for the entries that account for the time on either side of the crossing (CPU_WATCH_TIMES).
%macro HYPERCALL_FAST 1
        cld
        inc qword [gs:CPU_CROSSINGS]
        cmp rax, [hypercall_fast_count]
        jae hypercall_full
        sbb rcx, rcx            ; all ones here; zero where the CPU speculates past the branch above
        and rcx, rax
        mov r8, rcx
%if %1
        mov r9, rdx
        ACCOUNT_TO CPU_SHARE_GUEST_TSC, rcx
        mov rdx, r9
%endif
        mov rcx, [gs:CPU_GUEST]
        inc qword [rcx + CONTEXT_HYPERCALLS]
        mov rsp, [gs:CPU_STACK]
        call [hypercall_table + r8 * 8]
        cmp dword [gs:CPU_LEAVE], 0
        jne hypercall_leave_%1
%if %1
        mov rsi, rax
        ACCOUNT_TO CPU_SHARE_HYPERVISOR_TSC, rdi
        mov rax, rsi
%endif
%endmacro

; No value of ours leaves in a scratch register.
%macro CLEAR_SCRATCH 0
        xor edx, edx
        xor esi, esi
        xor edi, edi
        xor r8d, r8d
        xor r9d, r9d
        xor r10d, r10d
%endmacro

%macro ENTRY_INT 1              ; rsp points to frame->rip
        swapgs
        CLAC
        HYPERCALL_FAST %1
        mov rsp, [gs:CPU_GUEST]
        add rsp, FRAME_RIP
        CLEAR_SCRATCH
        xor ecx, ecx
        xor r11d, r11d
        swapgs
        iretq
%endmacro

; rcx = rip, r11 = rflags, rsp is the guest's; MSR_SFMASK has cleared IF, TF, AC and more. Make a frame as `int` does.
%macro PUSH_SYSCALL_FRAME 0
        swapgs
        mov [gs:CPU_SCRATCH], rsp
        mov rsp, [gs:CPU_GUEST]
        add rsp, FRAME_SIZE
        push SELECTOR_GUEST_DATA
        push qword [gs:CPU_SCRATCH]
        push r11
        push SELECTOR_GUEST_CODE
        push rcx
%endmacro

%macro ENTRY_SYSCALL 1
        PUSH_SYSCALL_FRAME
        HYPERCALL_FAST %1
        CLEAR_SCRATCH
        mov rsp, [gs:CPU_GUEST]
        mov rcx, [rsp + FRAME_RIP]
        mov r11, [rsp + FRAME_RFLAGS]
        bt rcx, 47              ; sysret to a non-canonical rcx would fault in ring 0, on the guest's stack
        jc non_canonical
        mov rsp, [rsp + FRAME_RSP]
        swapgs
        o64 sysret
%endmacro

global entry_int, entry_int_timed, entry_int_watched, entry_syscall, entry_syscall_timed, entry_syscall_watched
entry_int:
        ENTRY_INT 0
entry_int_timed:
        ENTRY_INT 1
entry_syscall:
        ENTRY_SYSCALL 0
entry_syscall_timed:
        ENTRY_SYSCALL 1

entry_int_watched:
        swapgs
        CLAC
        jmp hypercall_watched
entry_syscall_watched:
        PUSH_SYSCALL_FRAME
hypercall_watched:
        cld
        inc qword [gs:CPU_CROSSINGS]
        jmp hypercall_full

non_canonical:                  ; make it the guest's general protection fault. Its window ends far below: a second lock
        mov qword [rsp + FRAME_VECTOR], VECTOR_GP
        mov qword [rsp + FRAME_ERROR], 0
        mov rsp, [gs:CPU_STACK]
        call save_after_hypercall
        jmp serve_guest

; The number is not one of the fast path's, or all are watched: save everything, as for any trap. All registers are
; still the guest's, rsp points to frame->rip.
hypercall_full:
        push 0
        push VECTOR_HYPERCALL
        jmp save_guest

; The handler has served the call, but the guest cannot simply go on: it waits, it ended, another one is more
; urgent, an upcall is due.
hypercall_leave_1:
        mov dword [gs:CPU_SHARE], CPU_SHARE_HYPERVISOR ; the entry has closed the guest's share already
hypercall_leave_0:
        call save_after_hypercall
        jmp back_to_run_loop

; Complete the frame after a hypercall: the preserved registers are still the guest's, scratch registers are
; zero by the ABI, rax is the result. Leaves the frame in rdi.
save_after_hypercall:
        mov rdi, [gs:CPU_GUEST]
        mov [rdi + FRAME_RAX], rax
        xor eax, eax
        mov [rdi + FRAME_RCX], rax
        mov [rdi + FRAME_RDX], rax
        mov [rdi + FRAME_RSI], rax
        mov [rdi + FRAME_RDI], rax
        mov [rdi + FRAME_R8], rax
        mov [rdi + FRAME_R9], rax
        mov [rdi + FRAME_R10], rax
        mov [rdi + FRAME_R11], rax
save_preserved:                 ; into the frame at rdi
        mov [rdi + FRAME_RBX], rbx
        mov [rdi + FRAME_RBP], rbp
        mov [rdi + FRAME_R12], r12
        mov [rdi + FRAME_R13], r13
        mov [rdi + FRAME_R14], r14
        mov [rdi + FRAME_R15], r15
        ret

; -----------------------------------------------------------------------------------------------

section .rodata align=8

global entry_stubs
entry_stubs:
%assign vector 0
%rep VECTOR_COUNT
        dq stub_ %+ vector
%assign vector vector + 1
%endrep
