// SPDX-License-Identifier: BSD-2-Clause
// The commit that this hypervisor was built from. tools/mkcommit.py writes the text when the tree is built.
#pragma once

// Of one size for all commits, so that another one moves nothing in the image.
#define COMMIT_TEXT_SIZE 64

// The commit's first digits, with "-dirty" behind them where sources were changed since; "unknown" outside a checkout.
extern const char commit_text[COMMIT_TEXT_SIZE];
