// SPDX-License-Identifier: BSD-2-Clause
// Included ahead of every file of test_string: gives our string functions names of their own, so
// that they stand beside the C library's instead of replacing them under the sanitizers.

#pragma once

#define memcpy unit_memcpy
#define memmove unit_memmove
#define memset unit_memset
#define memcmp unit_memcmp
#define memchr unit_memchr
#define strlen unit_strlen
#define strnlen unit_strnlen
#define strcmp unit_strcmp
#define strncmp unit_strncmp
#define strchr unit_strchr
