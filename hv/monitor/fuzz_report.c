// SPDX-License-Identifier: BSD-2-Clause
// The figures of the fuzz mode.

#include "monitor/fuzz_report.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"
#include "lib/format.h"
#include "lib/fuzz_record.h"
#include "lib/string.h"
#include "time/clock.h"
#include "vm/guest.h"

#define ULL(value) ((unsigned long long)(value))

static bool valid(const struct fuzz_record *record, uint64_t seed, uint64_t limit)
{
    return record != NULL && fuzz_record_valid(record, seed, limit);
}

static void count_reason(struct fuzz_figures *figures, const char *word)
{
    for (uint32_t i = 0; i < FUZZ_REASONS_MAX; i++) {
        if (figures->reasons[i].count == 0)
            format_buffer(figures->reasons[i].word, sizeof(figures->reasons[i].word), "%s", word);
        else if (strcmp(figures->reasons[i].word, word) != 0)
            continue;
        figures->reasons[i].count++;
        return;
    }
}

void fuzz_count_life(struct fuzz_figures *figures, const struct guest *guest,
                     const struct fuzz_record *record, uint64_t seed, uint64_t limit)
{
    figures->lives++;
    if (valid(record, seed, limit))
        figures->operations += record->count;
    else
        figures->lost++;
    if (guest->state == GUEST_EXITED) {
        figures->exited++;
    } else if (strcmp(guest->reason, GUEST_OPERATOR) == 0) {
        figures->stopped++;
    } else {
        figures->killed++;
        count_reason(figures, guest->reason);
    }
}

// In the order of enum fuzz_kind, tests/guests/fuzz.h.
static const char *const kinds[] = { "call",  "page",   "touch",   "denied", "free", "int",   "flags",
                                     "frame", "return", "upcalls", "stack",  "fpu",  "bytes", "corrupt" };

void fuzz_report_life(const struct guest *guest, const struct fuzz_record *record, uint64_t seed,
                      uint64_t limit)
{
    log_print("fuzz: seed %llu: ", ULL(seed));
    if (guest->state == GUEST_EXITED)
        log_print("exit code 0x%llx", ULL(guest->exit_code));
    else
        log_print("%s: %s", guest->reason, guest->detail);
    if (!valid(record, seed, limit)) {
        log_print("; its record is destroyed\n");
        return;
    }
    log_print(", after %llu operations\n", ULL(record->count));
    for (uint64_t left = record->count < FUZZ_LAST ? record->count : FUZZ_LAST; left > 0; left--) {
        const struct fuzz_operation *last = &record->last[(record->count - left) % FUZZ_LAST];

        log_print("  %6llu %-7s rip 0x%llx rax 0x%llx rdi 0x%llx rsi 0x%llx rsp 0x%llx\n",
                  ULL(record->count - left),
                  last->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[last->kind] : "?", ULL(last->rip),
                  ULL(last->rax), ULL(last->rdi), ULL(last->rsi), ULL(last->rsp));
    }
}

void fuzz_report(const struct fuzz_figures *figures)
{
    const struct histogram *late = &figures->lateness;

    log_print(
        "fuzz: %llu operations, %llu lives: %llu exited, %llu killed, %llu stopped, %llu without a count\n",
        ULL(figures->operations), ULL(figures->lives), ULL(figures->exited), ULL(figures->killed),
        ULL(figures->stopped), ULL(figures->lost));
    log_print("fuzz: killed:");
    for (uint32_t i = 0; i < FUZZ_REASONS_MAX && figures->reasons[i].count > 0; i++)
        log_print(" %s %llu", figures->reasons[i].word, ULL(figures->reasons[i].count));
    log_print("\nfuzz: honest: %llu turns, %llu events, late by median %llu p99 %llu max %llu ns\n",
              ULL(figures->turns), ULL(late->count), ULL(histogram_quantile(late, 500)),
              ULL(histogram_quantile(late, 990)), ULL(late->max_ns));
    log_print("@json fuzz {\"time_ns\": %llu, \"operations\": %llu, \"lives\": %llu, \"exited\": %llu, "
              "\"killed\": %llu, \"stopped\": %llu, \"lost\": %llu, ",
              ULL(clock_now_ns()), ULL(figures->operations), ULL(figures->lives), ULL(figures->exited),
              ULL(figures->killed), ULL(figures->stopped), ULL(figures->lost));
    log_print("\"turns\": %llu, \"events\": %llu, \"late_median_ns\": %llu, \"late_p99_ns\": %llu, "
              "\"late_max_ns\": %llu}\n",
              ULL(figures->turns), ULL(late->count), ULL(histogram_quantile(late, 500)),
              ULL(histogram_quantile(late, 990)), ULL(late->max_ns));
}
