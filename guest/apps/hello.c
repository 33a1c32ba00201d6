// SPDX-License-Identifier: BSD-2-Clause
// hello: the smallest program. It greets those whose names it is given, waits a moment after each, and ends.
//
//   module2 /boot/guest.elf greeter -- hello world
#include "apps.h"

#include "console.h"
#include "pages.h"
#include "thread.h"

#include <lib/time.h>

int hello_run(int argc, char *argv[])
{
    console_print("hello from guest %u, %s\n", pages_start()->guest_id, pages_start()->name);
    for (int i = 1; i < argc; i++) {
        console_print("hello, %s\n", argv[i]);
        thread_sleep(10 * NSEC_PER_MSEC);
    }
    return 0;
}
