# Sources of the guest OS image, build/guest.elf, compiled with GUEST_CFLAGS and linked by linker/guest.ld.

GUEST_ASM :=

GUEST_SRCS :=
