; SPDX-License-Identifier: BSD-2-Clause
; The multiboot2 header and the way from the loader's 32-bit protected mode to 64-bit C code.
;
; The loader leaves: eax = magic, ebx = physical address of the boot information, paging off, flat
; segments, interrupts off (Multiboot2 Specification, 3.3). We make a temporary map of the first 4 GiB,
; seen three times: at 0 (this code), at the direct map and, its first 1 GiB, at the image's address;
; everything is writable and executable until paging_finish() replaces it. Next: boot/boot.c.

%include "asm_offsets.inc"

%define MULTIBOOT2_HEADER_MAGIC 0xe85250d6
%define MULTIBOOT2_LOADER_MAGIC 0x36d76289
%define ARCHITECTURE_I386 0
%define TAG_END 0
%define TAG_CONSOLE 4
%define TAG_FRAMEBUFFER 5
%define TAG_MODULE_ALIGN 6
%define TAG_OPTIONAL 1
%define CONSOLE_TEXT 2          ; text mode will do too

%define CR0_PG (1 << 31)
%define CR4_PAE (1 << 5)
%define MSR_EFER 0xc0000080
%define EFER_LME (1 << 8)
%define CPUID_MAX_EXTENDED 0x80000000
%define CPUID_AMD_MODEL 0x80000001
%define AMD_MODEL_EDX_LM (1 << 29)
%define EFLAGS_ID (1 << 21)

%define ENTRY_TABLE 0x3         ; present, writable
%define ENTRY_LARGE_PAGE 0x83   ; present, writable, 2 MiB
%define LARGE_PAGE_SIZE (2 << 20)
%define SLOT_DIRECT_MAP 256     ; top-level slot of 0xffff800000000000
%define SLOT_IMAGE 511          ; top-level slot of 0xffffffff80000000
%define SLOT_IMAGE_1G 510       ; its slot one level below

%define COM1 0x3f8
%define COM1_LINE_STATUS (COM1 + 5)
%define LINE_STATUS_TX_EMPTY (1 << 5)

extern boot_main, stacks_boot_cpu

section .multiboot2 align=8
header:
        dd MULTIBOOT2_HEADER_MAGIC
        dd ARCHITECTURE_I386
        dd header_end - header
        dd 0x100000000 - (MULTIBOOT2_HEADER_MAGIC + ARCHITECTURE_I386 + (header_end - header))
        dw TAG_MODULE_ALIGN, 0, 8, 0 ; the size is a double word
        dw TAG_CONSOLE, TAG_OPTIONAL
        dd 12
        dd CONSOLE_TEXT
        dd 0                    ; tags start on a multiple of eight bytes
        dw TAG_FRAMEBUFFER, TAG_OPTIONAL
        dd 20
        dd 1024, 768, 32        ; preferred; whatever comes is taken
        dd 0
        dw TAG_END, 0, 8, 0
header_end:

section .boot progbits alloc exec align=16
bits 32
global start
start:
        mov esp, boot_stack_top
        mov edi, eax            ; arguments of boot_main()
        mov esi, ebx
        cmp eax, MULTIBOOT2_LOADER_MAGIC
        mov ebp, text_no_multiboot2
        jne stop
        call check_long_mode
        mov ebp, text_no_long_mode
        jc stop
        rdtsc                   ; every CPU with a long mode has it
        push edx                ; boot.c finds it
        push eax
        call build_tables
        mov eax, cr4
        or eax, CR4_PAE
        mov cr4, eax
        mov eax, top_table
        mov cr3, eax
        mov ecx, MSR_EFER
        rdmsr
        or eax, EFER_LME
        wrmsr
        mov eax, cr0
        or eax, CR0_PG
        mov cr0, eax
        lgdt [boot_gdt_pointer]
        jmp 8:start_64

; Carry set if the CPU has no 64-bit mode. Keeps edi and esi.
check_long_mode:
        pushfd
        pop eax
        mov ecx, eax
        xor eax, EFLAGS_ID      ; CPUID exists if this flag can be changed
        push eax
        popfd
        pushfd
        pop eax
        push ecx
        popfd
        cmp eax, ecx
        je .no
        mov eax, CPUID_MAX_EXTENDED
        cpuid
        cmp eax, CPUID_AMD_MODEL
        jb .no
        mov eax, CPUID_AMD_MODEL
        cpuid
        test edx, AMD_MODEL_EDX_LM
        jz .no
        clc
        ret
.no:
        stc
        ret

; The loader has zeroed .boot_bss.
build_tables:
        mov eax, table_1g
        or eax, ENTRY_TABLE
        mov [top_table], eax
        mov [top_table + 8 * SLOT_DIRECT_MAP], eax
        mov eax, image_table_1g
        or eax, ENTRY_TABLE
        mov [top_table + 8 * SLOT_IMAGE], eax
        mov eax, large_tables
        or eax, ENTRY_TABLE
        mov [image_table_1g + 8 * SLOT_IMAGE_1G], eax
        xor ecx, ecx
.table_1g:                      ; four tables of 512 large pages: 4 GiB
        mov [table_1g + 8 * ecx], eax
        add eax, 4096
        inc ecx
        cmp ecx, 4
        jb .table_1g
        mov eax, ENTRY_LARGE_PAGE
        xor ecx, ecx
.large:
        mov [large_tables + 8 * ecx], eax
        add eax, LARGE_PAGE_SIZE
        inc ecx
        cmp ecx, 4 * 512
        jb .large
        ret

; Say [ebp] on the first serial port, which needs no driver, and stop.
stop:
        mov al, [ebp]
        test al, al
        jz .halt
        mov bl, al
        mov ecx, 100000         ; a missing port reads as all ones; a stuck one must not hold us
        mov dx, COM1_LINE_STATUS
.wait:
        in al, dx
        test al, LINE_STATUS_TX_EMPTY
        loopz .wait
        mov dx, COM1
        mov al, bl
        out dx, al
        inc ebp
        jmp stop
.halt:
        cli
        hlt
        jmp .halt

text_no_multiboot2:
        db "lull: not started by a multiboot2 loader; boot it with GRUB's multiboot2 command. Stopped.", 13, 10, 0
text_no_long_mode:
        db "lull: this CPU has no 64-bit mode (CPUID 80000001h EDX bit 29); Lull needs x86-64. Stopped.", 13, 10, 0

bits 64
start_64:
        xor eax, eax
        mov ss, eax
        mov ds, eax
        mov es, eax
        mov rsp, qword stacks_boot_cpu + STACKS_MAIN_END
        xor ebp, ebp            ; the end of every backtrace
        mov edi, edi            ; upper halves are not defined after the mode switch
        mov esi, esi
        mov rax, qword boot_main
        call rax

align 8
boot_gdt:
        dq 0
        dq 0x00209a0000000000   ; 64-bit code, present, ring 0
boot_gdt_pointer:
        dw $ - boot_gdt - 1
        dd boot_gdt

section .boot_bss nobits alloc write align=4096
global boot_top_table, boot_stack_top ; the way of ap_start.asm too
boot_top_table:
top_table:      resb 4096
table_1g:       resb 4096
image_table_1g: resb 4096
large_tables:   resb 4 * 4096
                resb 256
boot_stack_top:
