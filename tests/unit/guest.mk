# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the guest OS, of what needs no machine. Included by unit.mk.

UNIT_TESTS += test_calendar
UNIT_SRCS_test_calendar   := tests/unit/test_calendar.c guest/calendar.c
UNIT_CFLAGS_test_calendar := -Iguest

UNIT_TESTS += test_guest_line
UNIT_SRCS_test_guest_line   := tests/unit/test_guest_line.c guest/line.c
UNIT_CFLAGS_test_guest_line := -Iguest
