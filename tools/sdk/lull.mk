# SPDX-License-Identifier: BSD-2-Clause
# How a guest is compiled and linked. Include it, and write what your image is made of:
#
#   LULL_SDK := /where/the/sdk/is
#   include $(LULL_SDK)/lull.mk
#   hello.elf: hello.o

LULL_CFLAGS := -std=gnu11 -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-pic -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -O2 -g -Wall -Wextra -I$(LULL_SDK)/include
LULL_LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none -T $(LULL_SDK)/lib/guest.ld

%.o: %.c
	$(CC) $(LULL_CFLAGS) $(CFLAGS) -c $< -o $@

%.o: %.asm
	nasm -f elf64 $< -o $@

%.elf: $(LULL_SDK)/lib/liblull.a $(LULL_SDK)/lib/guest.ld
	$(LD) $(LULL_LDFLAGS) $(filter %.o,$^) $(LULL_SDK)/lib/liblull.a -o $@
