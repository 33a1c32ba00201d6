; SPDX-License-Identifier: BSD-2-Clause
; The way of a further CPU from its start in real mode to 64-bit C code.
;
; hv/x86/ap.c copies ap_start .. ap_start_end to a page below 1 MiB, fills in the words at ap_start_words (struct ap_words)
; and sends the startup interrupt, which makes the CPU begin there: cs = page / 16, ip = 0, the rest as after an INIT
; (Intel SDM vol. 3A, 8.4.4.1 and table 9-1). Its tables on the way are those that start.asm has left, which show this
; page at its physical address and the image at its own. Next: hv/cpus.c, cpus_ap_main().

%include "asm_offsets.inc"

%define CR0_PE (1 << 0)
%define CR0_NW (1 << 29)
%define CR0_CD (1 << 30)
%define CR0_PG (1 << 31)
%define CR4_PAE (1 << 5)
%define MSR_EFER 0xc0000080

extern cpus_ap_main

; Where a member of the words lies in the copy.
%define WORD(member) ap_start_words - ap_start + member

section .rodata align=16
global ap_start, ap_start_long, ap_start_words, ap_start_end
bits 16
align 16
ap_start:
        cli
        cld
        mov ax, cs
        mov ds, ax
        mov eax, CR4_PAE
        mov cr4, eax
        mov eax, [WORD(AP_WORDS_BOOT_ROOT)]
        mov cr3, eax
        mov ecx, MSR_EFER
        xor edx, edx
        mov eax, [WORD(AP_WORDS_EFER)]
        wrmsr
        o32 lgdt [WORD(AP_WORDS_GDT_LIMIT)]
        mov eax, cr0
        and eax, ~(CR0_CD | CR0_NW)     ; an INIT leaves the caches off
        or eax, CR0_PG | CR0_PE         ; straight into long mode
        mov cr0, eax
        jmp dword far [WORD(AP_WORDS_LONG_OFFSET)]

bits 64
ap_start_long:
        mov rdi, [rel ap_start_words + AP_WORDS_CPU]
        mov rsi, [rel ap_start_words + AP_WORDS_ROOT]
        mov rdx, [rel ap_start_words + AP_WORDS_STACK]
        mov rax, [rel ap_start_words + AP_WORDS_ENTRY]
        jmp rax

align 16
ap_start_words:
        times AP_WORDS_SIZE db 0
ap_start_end:

section .text
; In the image, which the old tables and the final ones show at the same place.
global ap_start_high
ap_start_high:
        mov cr3, rsi
        mov rsp, rdx
        xor eax, eax
        mov ss, eax
        xor ebp, ebp            ; the end of every backtrace
        call cpus_ap_main       ; does not return
