// SPDX-License-Identifier: BSD-2-Clause
// sleep: waits for as long as it is told, and ends: sleep 1500ms
#include "apps.h"

#include "clock.h"
#include "console.h"
#include "program.h"

#include <lib/bits.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <lib/time.h>

// A number alone is of seconds.
static bool duration(const char *text, uint64_t *delay_ns)
{
    uint64_t seconds;

    if (parse_duration_ns(text, strlen(text), delay_ns))
        return true;
    if (!parse_u64(text, strlen(text), &seconds) || seconds > TIME_NEVER / NSEC_PER_SEC)
        return false;
    *delay_ns = seconds * NSEC_PER_SEC;
    return true;
}

int sleep_run(int argc, char *argv[])
{
    uint64_t now_ns = clock_now_ns(), delay_ns;

    if (argc != 2) {
        console_print("expected: sleep DURATION\n");
        return 2;
    }
    if (!duration(argv[1], &delay_ns)) {
        console_print("`%s`: expected a duration such as 1500ms or 2\n", argv[1]);
        return 2;
    }
    program_sleep_until(u64_add_sat(now_ns, delay_ns));
    return program_stopping();
}
