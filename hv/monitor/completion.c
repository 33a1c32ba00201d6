// SPDX-License-Identifier: BSD-2-Clause
// What Tab makes of the beginning of a word.

#include "monitor/completion.h"

#include "core/log.h"
#include "lib/string.h"

void completion_start(struct completion *completion, const char *prefix, size_t length, bool list)
{
    *completion = (struct completion){ .prefix = prefix, .prefix_length = length, .list = list };
}

static void cut_to_common(char *common, const char *word)
{
    while (*common != '\0' && *common == *word) {
        common++;
        word++;
    }
    *common = '\0';
}

void completion_offer(struct completion *completion, const char *word)
{
    size_t length = strlen(word);

    if (length < completion->prefix_length ||
        memcmp(word, completion->prefix, completion->prefix_length) != 0)
        return;
    if (completion->fitting == 1 && strcmp(word, completion->common) == 0)
        return; // the same again
    if (completion->fitting++ == 0) {
        size_t kept = length < COMPLETION_SIZE - 1 ? length : COMPLETION_SIZE - 1;

        memcpy(completion->common, word, kept);
        completion->common[kept] = '\0';
    } else {
        cut_to_common(completion->common, word);
    }
    if (completion->list && completion->fitting <= COMPLETION_LISTED_MAX)
        log_print("%s%s", completion->fitting > 1 ? "  " : "", word);
}

void completion_end(const struct completion *completion)
{
    if (!completion->list || completion->fitting == 0)
        return;
    if (completion->fitting > COMPLETION_LISTED_MAX)
        log_print("  and %u more", completion->fitting - COMPLETION_LISTED_MAX);
    log_print("\n");
}
