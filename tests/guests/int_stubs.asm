; SPDX-License-Identifier: BSD-2-Clause
; 256 times `int N; ret`, four bytes each, for int_all.c.

section .text

global int_stubs
int_stubs:
%assign vector 0
%rep 256
    db 0xcd, vector             ; int vector (0xcd 3 is not the one-byte int3)
    ret
    nop
%assign vector vector + 1
%endrep
