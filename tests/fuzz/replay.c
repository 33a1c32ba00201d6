// SPDX-License-Identifier: BSD-2-Clause
// Runs a fuzz target on files, without libFuzzer: replay FILE... For `make coverage`, and for a debugger.

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    uint8_t *bytes = NULL;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long end = ftell(file);
    rewind(file);
    if (end >= 0 && (bytes = malloc((size_t)end + 1)) != NULL)
        *size = fread(bytes, 1, (size_t)end, file);
    fclose(file);
    return bytes;
}

int main(int count, char **names)
{
    for (int i = 1; i < count; i++) {
        size_t size = 0;
        uint8_t *bytes = read_file(names[i], &size);
        if (bytes == NULL) {
            perror(names[i]);
            return 1;
        }
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
    printf("%d inputs\n", count - 1);
    return count > 1 ? 0 : 1;
}
