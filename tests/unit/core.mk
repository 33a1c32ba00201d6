# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of hv/core, boot/ and the parsers of hv/vm. Included by unit.mk.

UNIT_LOG   := tests/fake/log_capture.c
UNIT_PANIC := tests/fake/panic_assert.c

UNIT_TESTS += test_page_alloc
UNIT_SRCS_test_page_alloc   := tests/unit/test_page_alloc.c hv/core/page_alloc.c hv/core/page_debug.c hv/core/boot_memory.c \
	$(UNIT_LOG) $(UNIT_PANIC)
UNIT_CFLAGS_test_page_alloc := -iquote tests/fake/page_alloc -Itests/fake

UNIT_TESTS += test_boot_memory
UNIT_SRCS_test_boot_memory := tests/unit/test_boot_memory.c hv/core/boot_memory.c

UNIT_TESTS += test_multiboot2
UNIT_SRCS_test_multiboot2   := tests/unit/test_multiboot2.c tests/unit/loader_info.c boot/multiboot2.c boot/screen_tag.c hv/core/boot_memory.c \
	$(UNIT_LOG)
UNIT_CFLAGS_test_multiboot2 := -Itests/fake -Iboot

UNIT_TESTS += test_multiboot2_memory
UNIT_SRCS_test_multiboot2_memory   := tests/unit/test_multiboot2_memory.c tests/unit/loader_info.c boot/multiboot2.c boot/screen_tag.c hv/core/boot_memory.c \
	$(UNIT_LOG)
UNIT_CFLAGS_test_multiboot2_memory := -Itests/fake -Iboot

UNIT_TESTS += test_screen_tag
UNIT_SRCS_test_screen_tag   := tests/unit/test_screen_tag.c boot/screen_tag.c
UNIT_CFLAGS_test_screen_tag := -Iboot

UNIT_TESTS += test_boot_line
UNIT_SRCS_test_boot_line   := tests/unit/test_boot_line.c hv/core/boot_line.c hv/core/option.c \
	hv/shared/lib/format.c hv/shared/lib/parse.c $(UNIT_LOG)
UNIT_CFLAGS_test_boot_line := -Itests/fake

UNIT_TESTS += test_module_line
UNIT_SRCS_test_module_line   := tests/unit/test_module_line.c hv/vm/module_line.c hv/core/option.c \
	hv/shared/lib/format.c hv/shared/lib/parse.c $(UNIT_LOG)
UNIT_CFLAGS_test_module_line := -Itests/fake

UNIT_TESTS += test_elf
UNIT_SRCS_test_elf := tests/unit/test_elf.c tests/unit/elf_example.c hv/vm/elf.c

UNIT_TESTS += test_elf_symbols
UNIT_SRCS_test_elf_symbols := tests/unit/test_elf_symbols.c tests/unit/elf_example.c hv/vm/elf.c

UNIT_TESTS += test_elf_abi
UNIT_SRCS_test_elf_abi := tests/unit/test_elf_abi.c hv/vm/elf_abi.c hv/shared/lib/format.c

UNIT_TESTS += test_panic
UNIT_SRCS_test_panic   := tests/unit/test_panic.c tests/unit/panic_child.c hv/core/panic.c hv/core/backtrace.c hv/shared/lib/format.c \
	$(UNIT_LOG)
UNIT_CFLAGS_test_panic := -iquote tests/fake/panic -Itests/fake

UNIT_TESTS += test_panic_backtrace
UNIT_SRCS_test_panic_backtrace   := tests/unit/test_panic_backtrace.c tests/unit/panic_child.c hv/core/panic.c hv/core/backtrace.c \
	hv/shared/lib/format.c $(UNIT_LOG)
UNIT_CFLAGS_test_panic_backtrace := -iquote tests/fake/panic -Itests/fake

UNIT_TESTS += test_log
UNIT_SRCS_test_log := tests/unit/test_log.c hv/core/log.c hv/shared/lib/format.c
