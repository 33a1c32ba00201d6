# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of hv/monitor. Included by unit.mk.

UNIT_TESTS += test_keys
UNIT_SRCS_test_keys := tests/unit/test_keys.c hv/monitor/keys.c

UNIT_TESTS += test_line
UNIT_SRCS_test_line   := tests/unit/test_line.c hv/monitor/line.c hv/monitor/keys.c hv/monitor/history.c $(UNIT_LOG)
UNIT_CFLAGS_test_line := -Itests/fake

UNIT_TESTS += test_completion
UNIT_SRCS_test_completion   := tests/unit/test_completion.c hv/monitor/completion.c $(UNIT_LOG)
UNIT_CFLAGS_test_completion := -Itests/fake

UNIT_TESTS += test_argument
UNIT_SRCS_test_argument   := tests/unit/test_argument.c hv/monitor/argument.c hv/core/option.c \
	hv/shared/lib/format.c hv/shared/lib/parse.c $(UNIT_LOG)
UNIT_CFLAGS_test_argument := -Itests/fake

UNIT_TESTS += test_follow
UNIT_SRCS_test_follow   := tests/unit/test_follow.c hv/monitor/follow.c hv/vm/console_ring.c $(UNIT_LOG)
UNIT_CFLAGS_test_follow := -Itests/fake
