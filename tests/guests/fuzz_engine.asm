; SPDX-License-Identifier: BSD-2-Clause
; The engine of the fuzzing guest: the way into an operation, and all ways out of one with their checks.

%include "guest_offsets.inc"

default abs

extern fuzz_step, fuzz_call_code, fuzz_call_code_end

%define FUZZ_MUST_FAULT 0x6d666c74 ; as in fuzz.h
%define FUZZ_MUST_KEEP 0x6b656570
%define FUZZ_MUST_REFUSE 0x72656675
%define LAUNCH(n) qword [fuzz_launch + (n) * 8]

%define FLAGS_DENIED 0x1a3000   ; IOPL, VM, VIF, VIP
%define FLAGS_CLEAN 0x202       ; with what an upcall begins: IF and the bit that is always set

section .bss align=16

global fuzz_launch, fuzz_scratch
fuzz_launch: resq 19
fuzz_guard: resq 1                ; what may be behind the operation; 0 while there is none
alignb 16
fuzz_scratch: resb 4096
fuzz_stack: resb 4096
fuzz_stack_end:

section .text

; ---- In -------------------------------------------------------------------------------------------------------

global fuzz_go
fuzz_go:
        mov rax, LAUNCH(18)
        mov [fuzz_guard], rax   ; not before: C code whose stack is overwritten returns to anywhere
        push LAUNCH(16)
        popfq
        mov rax, LAUNCH(0)
        mov rbx, LAUNCH(1)
        mov rcx, LAUNCH(2)
        mov rdx, LAUNCH(3)
        mov rsi, LAUNCH(4)
        mov rdi, LAUNCH(5)
        mov rbp, LAUNCH(6)
        mov rsp, LAUNCH(7)
        mov r8, LAUNCH(8)
        mov r9, LAUNCH(9)
        mov r10, LAUNCH(10)
        mov r11, LAUNCH(11)
        mov r12, LAUNCH(12)
        mov r13, LAUNCH(13)
        mov r14, LAUNCH(14)
        mov r15, LAUNCH(15)
        jmp LAUNCH(17)

; ---- Out ------------------------------------------------------------------------------------------------------

global fuzz_interrupt, fuzz_exception, fuzz_returned
fuzz_interrupt:
fuzz_exception:
        mov rsp, fuzz_stack_end
        pushfq
        cmp qword [rsp], FLAGS_CLEAN
        mov edi, 6
        jne found
        jmp back

; Behind an operation that came through. The registers are those that it has left.
fuzz_returned:
        cmp dword [fuzz_guard], FUZZ_MUST_KEEP
        je check_call
        cmp dword [fuzz_guard], FUZZ_MUST_REFUSE
        je check_call
        cmp dword [fuzz_guard], FUZZ_MUST_FAULT
        mov edi, 3
        je found

back:
        mov rsp, fuzz_stack_end
        pushfq
        test dword [rsp], FLAGS_DENIED
        mov edi, 1
        jnz found
        test dword [rsp], RFLAGS_IF
        jz found
        mov eax, cs
        and eax, 3
        cmp eax, 3
        mov edi, 2
        jne found
go_on:
        mov qword [fuzz_guard], 0
        mov rsp, fuzz_stack_end
        push 2
        popfq                   ; no TF, DF, NT, AC any more
        xor ebp, ebp
        call fuzz_step
        ud2

; expect_call() has related the preserved registers to each other, so memory that the call may have written is not
; asked. After syscall, rcx and r11 are the guest's own rip and flags, or 0.
check_call:
        or rdx, rsi
        or rdx, rdi
        or rdx, r8
        or rdx, r9
        or rdx, r10
        mov edi, 4
        jnz found
        mov rsi, 0xffffffffffc08028 ; what flags never have
        test r11, rsi
        jnz found
        test rcx, rcx
        jz .preserved
        mov rsi, rcx
        cmp rsi, fuzz_call_code
        jb found
        cmp rsi, fuzz_call_code_end
        ja found
.preserved:
        mov edi, 5
%macro RELATED 2
        mov rsi, %1
        xor rsi, rbx
        cmp rsi, %2
        jne found
%endmacro
        RELATED rsp, 0x11111111
        RELATED rbp, 0x22222222
        RELATED r12, 0x33333333
        RELATED r13, 0x44444444
        RELATED r14, 0x55555555
        RELATED r15, 0x66666666
        mov edi, 7              ; errors are -1 .. -4; the rest is times, counts and bits
        cmp rax, -4
        jl found
        cmp dword [fuzz_guard], FUZZ_MUST_REFUSE
        jne back
        test rax, rax
        jns found
        jmp back

; The guest's memory was not empty when it began.
global fuzz_found_memory
fuzz_found_memory:
        mov qword [fuzz_guard], FUZZ_MUST_FAULT
        mov edi, 8
        jmp found

; A jump out of random bytes that lands here has found nothing: the guard is 0 for those.
found:
        cmp qword [fuzz_guard], 0
        je go_on
        mov rsp, fuzz_stack_end
        mov rax, 0x666f756e64000000 ; FUZZ_FOUND
        or rdi, rax
        mov eax, 8              ; HCALL_EXIT
        int HCALL_VECTOR
        ud2
