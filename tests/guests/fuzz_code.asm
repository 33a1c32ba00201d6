; SPDX-License-Identifier: BSD-2-Clause
; The code that operations of the fuzzing guest consist of. fuzz.h describes the tables.

%include "guest_offsets.inc"

default abs

extern fuzz_returned, fuzz_scratch

section .text

; The instructions one after the other, then fuzz_returned; the address goes to the table that was begun last.
%macro CODE 1-*
%%start:
  %rep %0
        %1
    %rotate 1
  %endrep
        jmp fuzz_returned
[section .rodata]
        dq %%start
__?SECT?__
%endmacro

%macro TABLE 1
[section .rodata]
        align 8
        global %1
%1:
__?SECT?__
%endmacro

TABLE fuzz_denied
        CODE cli
        CODE sti
        CODE hlt
        CODE {in al, dx}
        CODE {in ax, dx}
        CODE {in eax, dx}
        CODE {out dx, al}
        CODE {out dx, ax}
        CODE {out dx, eax}
        CODE {in al, 0x60}
        CODE {out 0x70, al}
        CODE {out 0x80, al}
        CODE insb
        CODE {mov ecx, 1}, {rep insd}
        CODE outsb
        CODE {mov ecx, 1}, {rep outsd}
        CODE rdmsr
        CODE wrmsr
        CODE {mov ecx, 0xc0000080}, wrmsr
        CODE {mov ecx, 0xc0000100}, wrmsr
        CODE {mov ecx, 0xc0000102}, wrmsr
        CODE {mov ecx, 0x1b}, rdmsr
        CODE {mov rax, cr0}
        CODE {mov rax, cr2}
        CODE {mov rax, cr3}
        CODE {mov rax, cr4}
        CODE {mov rax, cr8}
        CODE {mov cr0, rax}
        CODE {mov cr2, rax}
        CODE {mov cr3, rax}
        CODE {mov cr4, rax}
        CODE {mov cr8, rax}
        CODE {mov rax, dr0}
        CODE {mov rax, dr6}
        CODE {mov rax, dr7}
        CODE {mov dr0, rax}
        CODE {mov dr1, rax}
        CODE {mov dr2, rax}
        CODE {mov dr3, rax}
        CODE {mov dr4, rax}
        CODE {mov dr6, rax}
        CODE {mov dr7, rax}
        CODE {lgdt [rdi]}
        CODE {lidt [rdi]}
        CODE {lldt ax}
        CODE {ltr ax}
        CODE {lmsw ax}
        CODE clts
        CODE {invlpg [rdi]}
        CODE invd
        CODE wbinvd
        CODE swapgs
        CODE {o64 sysret}
        CODE sysret
        CODE sysexit
        CODE sysenter
        CODE xsetbv
        CODE xgetbv
        CODE rdpmc
        CODE {rdfsbase rax}
        CODE {wrfsbase rax}
        CODE {wrgsbase rax}
        CODE rsm
        CODE vmcall
        CODE {db 0x0f, 0x01, 0xd8}      ; vmrun
        CODE {db 0x0f, 0x01, 0xd9}      ; vmmcall
        CODE {db 0x0f, 0x01, 0xda}      ; vmload
        CODE {db 0x0f, 0x01, 0xdb}      ; vmsave
        CODE {db 0x0f, 0x01, 0xdc}      ; stgi
        CODE {db 0x0f, 0x01, 0xdd}      ; clgi
        CODE {db 0x0f, 0x01, 0xdf}      ; invlpga
        CODE {db 0x66, 0x0f, 0x38, 0x82, 0x07} ; invpcid rax, [rdi]
        CODE {db 0x0f, 0xc7, 0x37}      ; vmptrld [rdi]
        CODE {xsave [rdi]}
        CODE {xrstor [rdi]}
        CODE {vaddps ymm0, ymm1, ymm2}
        CODE {db 0x0f, 0xaa}            ; rsm
TABLE fuzz_denied_end

TABLE fuzz_free
        CODE {mov ds, ax}
        CODE {mov es, ax}
        CODE {mov fs, ax}
        CODE {mov gs, ax}
        CODE {mov ss, ax}
        CODE {mov ss, ax}, {int HCALL_VECTOR}
        CODE {mov ss, ax}, {syscall}
        CODE {mov fs, ax}, {mov rax, [fs:rdi]}
        CODE {mov gs, ax}, {mov rax, [gs:rdi]}
        CODE {mov gs, ax}, {syscall}
        CODE {lfs eax, [rdi]}
        CODE {lgs eax, [rdi]}
        CODE {push rax}, {pop fs}
        CODE {push rax}, {pop gs}
        CODE {lar ecx, ax}
        CODE {lsl ecx, ax}
        CODE {verr ax}
        CODE {verw ax}
        CODE {sgdt [rdi]}
        CODE {sidt [rdi]}
        CODE {sldt rax}
        CODE {str rax}
        CODE {smsw rax}
        CODE cpuid
        CODE rdtsc
        CODE rdtscp
        CODE {rdrand rax}
        CODE {rdseed rax}
        CODE {clflush [rdi]}
        CODE {prefetchw [rdi]}
        CODE {monitor}
        CODE {mwait}
        CODE pause
        CODE {cmpxchg16b [rdi]}
        CODE {lock cmpxchg8b [rdi]}
        CODE {lock inc qword [rdi]}
        CODE {db 0xf0, 0x0f, 0x0b}      ; lock ud2
        CODE {db 0xf1}                  ; int1
        CODE {ud2}
        CODE {db 0x0f, 0xff}            ; ud0
        CODE {div rcx}
        CODE {idiv rcx}
        CODE {db 0x06}                  ; push es
        CODE {db 0x9a, 0, 0, 0, 0, 0, 0} ; far call
        CODE {db 0xd5, 0x0a}            ; aad
        CODE {db 0xc4, 0xe0, 0x78, 0x77} ; vzeroupper with odd bits
        CODE {xlatb}
        CODE {rep movsb}
        CODE {std}, {rep stosq}
        CODE {repne scasb}
        CODE {cld}, {rep lodsd}
        CODE {jmp far [rdi]}
        CODE {call far [rdi]}
TABLE fuzz_free_end

TABLE fuzz_touch
        CODE {mov rax, [rdi]}
        CODE {mov al, [rdi]}
        CODE {movups xmm0, [rdi]}
        CODE {mov ecx, 16}, {mov rsi, rdi}, {lea rdi, [fuzz_scratch]}, {rep movsq}
        CODE {jmp rdi}
        CODE {call rdi}
        CODE {push rdi}, {ret}
        CODE {jmp [rdi]}
TABLE fuzz_store
        CODE {mov [rdi], rax}
        CODE {mov [rdi], al}
        CODE {lock add [rdi], rax}
        CODE {lock cmpxchg [rdi], rcx}
        CODE {xchg [rdi], rax}
        CODE {lock bts qword [rdi], 5}
        CODE {movups [rdi], xmm0}
        CODE {mov ecx, 16}, {lea rsi, [fuzz_scratch]}, {rep movsb}
        CODE {fxsave [rdi]}
TABLE fuzz_store_end
TABLE fuzz_touch_end

TABLE fuzz_flags
        CODE popfq
        CODE popfq, nop, nop
        CODE popfq, {int HCALL_VECTOR}
        CODE popfq, syscall
        CODE popfq, {mov ss, cx}, {int HCALL_VECTOR}
        CODE popfq, {mov ss, cx}, syscall
        CODE popfq, {mov ss, cx}, {db 0xf1}
        CODE popfq, {mov ss, cx}, int3
        CODE popfq, {mov ss, cx}, ud2
        CODE popfq, ud2
        CODE popfq, int3
        CODE popfq, {db 0xf1}
        CODE popfq, {xor ecx, ecx}, {div ecx}
        CODE popfq, {mov rax, [rdi]}
        CODE popfq, {mov ecx, 8}, {lea rdi, [fuzz_scratch + 2048]}, {rep stosq}
        CODE popfq, {mov rax, [fuzz_scratch + 1]} ; not aligned
        CODE popfq, pushfq, {iretq}
        CODE popfq, cpuid
        CODE popfq, {jmp $}
TABLE fuzz_flags_end

TABLE fuzz_frame
        CODE iretq
        CODE iretd
        CODE iretw
        CODE {o64 retf}
        CODE retf
        CODE {o64 retf 8}
        CODE {db 0x66, 0xcb}            ; retfw
        CODE {jmp far [rsp]}
        CODE {db 0x48}, {jmp far [rsp]}
        CODE {call far [rsp]}
        CODE {lss rcx, [rsp]}, {int HCALL_VECTOR}
        CODE popfq, ret
TABLE fuzz_frame_end

TABLE fuzz_trap
        CODE {int HCALL_VECTOR}
        CODE syscall
        CODE ud2
        CODE int3
        CODE {db 0xf1}
        CODE {jmp $}
        CODE {push rax}
        CODE {call rdi}
        CODE {hlt}
        CODE {mov rax, [rdi]}
        CODE {int 0xf0}
        CODE {pop rax}
        CODE {ret}
        CODE {leave}
        CODE {enter 64, 31}
        CODE {xor rsp, rax}, {call rdi}
        CODE {iretq}
TABLE fuzz_trap_end

TABLE fuzz_fpu
        CODE {fxrstor [rdi]}
        CODE {o64 fxrstor [rdi]}
        CODE {fxrstor [rdi]}, {fwait}
        CODE {fxrstor [rdi]}, {fld1}, {fdiv st0, st3}, {fwait}
        CODE {fldenv [rdi]}, {fwait}
        CODE {frstor [rdi]}, {fsqrt}, {fwait}
        CODE {ldmxcsr [rdi]}, {divps xmm0, xmm1}, {sqrtpd xmm2, xmm3}
        CODE {fninit}, {fldcw [rdi]}, {fldz}, {fld1}, {fdiv st0, st1}, {fwait}
        CODE {fninit}, {fldcw [rdi]}, {fldz}, {fld1}, {fdiv st0, st1}, {int HCALL_VECTOR}
        CODE {fninit}, {fldcw [rdi]}, {fldz}, {fld1}, {fdiv st0, st1}, syscall
        CODE {fninit}, {fbld [rdi]}, {fbstp [rdi]}
        CODE {fninit}, {fld tword [rdi]}, {fyl2x}, {fprem}, {fwait}
        CODE emms, {movq mm0, [rdi]}, {pshufw mm1, mm0, 27}
        CODE {fxsave [rdi]}, {fnstenv [rdi]}, {fnsave [rdi]}
        CODE {movaps xmm0, [rdi + 1]}
        CODE {cvttsd2si rax, [rdi]}
TABLE fuzz_fpu_end

global fuzz_call_code, fuzz_call_code_end
fuzz_call_code:
TABLE fuzz_call
        CODE {int HCALL_VECTOR}
        CODE syscall
TABLE fuzz_call_end
fuzz_call_code_end:

; int n, 16 bytes each.
global fuzz_int
align 16
fuzz_int:
%assign vector 0
%rep 256
    db 0xcd, vector
    jmp near fuzz_returned
    align 16
%assign vector vector + 1
%endrep

; Random bytes (Knuth's linear congruence), with the escape to the second opcode map and prefixes more often.
global fuzz_bytes, fuzz_bytes_end
fuzz_bytes:
%assign random 12345
%rep 40000
    %assign random (random * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    %assign chance (random >> 48) & 31
    %if chance < 4
        db 0x0f
    %elif chance == 4
        db 0x48
    %elif chance == 5
        db 0x66
    %elif chance == 6
        db 0xf3
    %elif chance == 7
        db 0xcd, 0x80
    %else
        db (random >> 40) & 0xff
    %endif
%endrep
        times 16 db 0xcc
fuzz_bytes_end:
