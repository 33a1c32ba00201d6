// SPDX-License-Identifier: BSD-2-Clause
// The tags of a multiboot2 loader.

#include "loader_info.h"

#include "log_capture.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct info info;
struct boot_info out;
const char *reason;

void loader_info_put(const void *bytes, size_t size)
{
    memcpy(info.bytes + info.size, bytes, size);
    info.size += size;
}

void loader_info_tag(uint32_t type, const void *payload, size_t size)
{
    struct multiboot2_tag tag = { type, (uint32_t)(sizeof(tag) + size) };

    loader_info_put(&tag, sizeof(tag));
    loader_info_put(payload, size);
    info.size = (info.size + 7) & ~(size_t)7;
}

void loader_info_text(uint32_t type, const char *text)
{
    loader_info_tag(type, text, strlen(text) + 1);
}

void loader_info_module(uint32_t from, uint32_t to, const char *line)
{
    uint8_t payload[4096];
    struct multiboot2_module module = { from, to };

    memcpy(payload, &module, sizeof(module));
    memcpy(payload + sizeof(module), line, strlen(line) + 1);
    loader_info_tag(MULTIBOOT2_TAG_MODULE, payload, sizeof(module) + strlen(line) + 1);
}

// Entries of entry_size bytes, 24 or more.
void loader_info_map(const struct multiboot2_memory_entry *entries, size_t count, uint32_t entry_size)
{
    uint8_t payload[8192];
    struct multiboot2_memory_map map = { entry_size, 0 };

    memset(payload, 0xcc, sizeof(payload));
    memcpy(payload, &map, sizeof(map));
    for (size_t i = 0; i < count; i++)
        memcpy(payload + sizeof(map) + i * entry_size, &entries[i], sizeof(entries[i]));
    loader_info_tag(MULTIBOOT2_TAG_MEMORY_MAP, payload, sizeof(map) + count * entry_size);
}

void loader_info_usual_map(void)
{
    static const struct multiboot2_memory_entry usual[] = {
        { 0x0, 0x9fc00, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
        { 0x100000, 0x1fee0000, MULTIBOOT2_MEMORY_AVAILABLE, 0 },
    };

    loader_info_map(usual, ARRAY_SIZE(usual), sizeof(usual[0]));
}

int loader_info_start(void **state)
{
    (void)state;
    memset(&info, 0, sizeof(info));
    info.size = sizeof(struct multiboot2_header);
    log_capture_reset();
    reason = "not set";
    return 0;
}

void loader_info_finish(void)
{
    struct multiboot2_header header;

    loader_info_tag(MULTIBOOT2_TAG_END, "", 0);
    header = (struct multiboot2_header){ (uint32_t)info.size, 0 };
    memcpy(info.bytes, &header, sizeof(header));
}

// Parses a copy on the heap of exactly `size` bytes, so that the sanitizer sees a read behind them.
bool loader_info_parse_exactly(size_t size)
{
    uint8_t *copy = malloc(size + !size);
    bool ok;

    memcpy(copy, info.bytes, size);
    ok = multiboot2_parse(MAGIC, copy, size, &out, &reason);
    free(copy);
    assert_int_equal(ok, reason == NULL);
    return ok;
}

bool loader_info_parse(void)
{
    loader_info_finish();
    return loader_info_parse_exactly(info.size);
}

void loader_info_refused(const char *part)
{
    assert_non_null(reason);
    if (strstr(reason, part) == NULL)
        fail_msg("refused with \"%s\", not with \"%s\"", reason, part);
}
