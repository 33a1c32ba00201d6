// SPDX-License-Identifier: BSD-2-Clause
// Reads what a multiboot2 loader hands over, into the neutral struct boot_info.
//
// Everything is copied out with memcpy before it is looked at: the bytes are the loader's, of any alignment.
// The tags are walked once for each pass, because modules are checked against the memory map, which may come behind
// them, and because what the map reserves wins over what it lists as usable.

#include "multiboot2.h"

#include "core/boot_memory.h"
#include "core/log.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "screen_tag.h"

#define TAG_ALIGNMENT 8u
#define PAGE_SIZE 4096ull

// Real-mode memory belongs to the firmware and, later, to the start code of further CPUs.
#define LOW_MEMORY_END 0x100000ull
#define START_PAGE_END 0xa0000ull // the startup interrupt cannot name pages above

// The direct map has room for this much; no PC has more.
#define ADDRESS_LIMIT (1ull << 46)

#define RSDP_VERSION_1_SIZE 20u // ACPI 6.4, 5.2.5.3
#define RSDP_VERSION_2_SIZE 36u

// One tag, its bounds checked: `payload` bytes at `bytes`.
struct tag {
    uint32_t type;
    const uint8_t *bytes;
    size_t size;
};

struct walk {
    const uint8_t *info;
    size_t size;   // the header's total size, within what may be read
    size_t offset; // of the next tag
    const char *reason;
};

enum pass { PASS_USABLE_MEMORY, PASS_RESERVED_MEMORY, PASS_REST, PASS_COUNT };

struct parse {
    struct boot_info *out;
    struct boot_memory memory; // usable RAM to the byte, until everything has been checked against it
    bool has_memory_map;
    bool has_new_rsdp;
};

static bool start_walk(struct walk *walk, const void *info, size_t readable_size)
{
    struct multiboot2_header header;

    *walk = (struct walk){ .info = info };
    if (readable_size < sizeof(header)) {
        walk->reason = "the loader's information is shorter than its header";
        return false;
    }
    memcpy(&header, info, sizeof(header));
    if (header.total_size < sizeof(header) || header.total_size > readable_size) {
        walk->reason = "the loader's information states a size outside of readable memory";
        return false;
    }
    walk->size = header.total_size;
    walk->offset = sizeof(header);
    return true;
}

// Takes the next tag; false at the end, and with walk->reason set where a tag is not well formed.
static bool next_tag(struct walk *walk, struct tag *out)
{
    struct multiboot2_tag tag;

    if (walk->offset >= walk->size || walk->size - walk->offset < sizeof(tag)) {
        walk->reason = "the loader's tags have no end tag";
        return false;
    }
    memcpy(&tag, walk->info + walk->offset, sizeof(tag));
    if (tag.size < sizeof(tag) || tag.size > walk->size - walk->offset) {
        walk->reason = "a tag of the loader's information runs past the end";
        return false;
    }
    *out = (struct tag){
        .type = tag.type,
        .bytes = walk->info + walk->offset + sizeof(tag),
        .size = tag.size - sizeof(tag),
    };
    // tag.size is at most walk->size, which is below 2^32: the sum does not wrap.
    walk->offset = align_up(walk->offset + tag.size, TAG_ALIGNMENT);
    return tag.type != MULTIBOOT2_TAG_END;
}

// Copies a text of at most `size` bytes into `room` bytes; what does not fit or does not end is cut, and said.
static void copy_text(struct parse *parse, const char *what, char *to, size_t room, const uint8_t *from,
                      size_t size)
{
    size_t length = strnlen((const char *)from, size);

    if (length == size) {
        log_warn("multiboot2: the %s has no terminating NUL; it is taken to end with its tag", what);
        parse->out->complaints++;
    }
    if (length > room - 1) {
        log_warn("multiboot2: the %s has %zu characters; it is cut after %zu", what, length, room - 1);
        parse->out->complaints++;
        length = room - 1;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

static void complain_memory(struct parse *parse, const struct multiboot2_memory_entry *entry, const char *why)
{
    log_warn("multiboot2: memory map entry 0x%llx, length 0x%llx: %s", (unsigned long long)entry->start,
             (unsigned long long)entry->length, why);
    parse->out->complaints++;
}

// Adds usable RAM (`available`) or takes away everything else.
static void read_memory_entry(struct parse *parse, const struct multiboot2_memory_entry *entry,
                              bool available)
{
    uint64_t end;

    if ((entry->type == MULTIBOOT2_MEMORY_AVAILABLE) != available)
        return;
    if (__builtin_add_overflow(entry->start, entry->length, &end))
        end = UINT64_MAX;
    if (!available) {
        if (!boot_memory_remove(&parse->memory, entry->start, end))
            complain_memory(parse, entry, "too many ranges; the RAM above it stays unused");
        return;
    }
    if (end > ADDRESS_LIMIT) {
        complain_memory(parse, entry, "lies above 64 TiB and stays unused there");
        end = ADDRESS_LIMIT;
    }
    if (!boot_memory_add(&parse->memory, entry->start, end))
        complain_memory(parse, entry, "too many ranges; it stays unused");
}

static void read_memory_map(struct parse *parse, const struct tag *tag, bool available)
{
    struct multiboot2_memory_map map;
    struct multiboot2_memory_entry entry;

    if (tag->size < sizeof(map))
        return;
    memcpy(&map, tag->bytes, sizeof(map));
    if (map.entry_size < sizeof(entry))
        return;
    parse->has_memory_map = true;
    for (size_t at = sizeof(map); tag->size - at >= map.entry_size; at += map.entry_size) {
        memcpy(&entry, tag->bytes + at, sizeof(entry));
        read_memory_entry(parse, &entry, available);
    }
}

static void read_module(struct parse *parse, const struct tag *tag)
{
    struct boot_info *out = parse->out;
    struct multiboot2_module module;
    const char *why = NULL;

    if (tag->size < sizeof(module)) {
        log_warn("multiboot2: a module tag of %zu bytes is too short; ignored", tag->size);
        out->complaints++;
        return;
    }
    memcpy(&module, tag->bytes, sizeof(module));
    if (module.end < module.start)
        why = "ends before it starts";
    else if (!boot_memory_contains(&parse->memory, module.start, module.end))
        why = "does not lie in usable RAM";
    else if (out->module_count == BOOT_INFO_MODULES_MAX)
        why = "is one too many";
    if (why != NULL) {
        log_warn("multiboot2: module %u at 0x%x-0x%x %s; ignored", out->module_count, module.start,
                 module.end, why);
        out->complaints++;
        return;
    }
    struct boot_module *to = &out->modules[out->module_count++];
    to->start = module.start;
    to->end = module.end;
    copy_text(parse, "module line", to->line, sizeof(to->line), tag->bytes + sizeof(module),
              tag->size - sizeof(module));
}

// The copy of the version 2 structure wins over the one of version 1, in whatever order they come.
static void read_rsdp(struct parse *parse, const struct tag *tag)
{
    bool is_new = tag->type == MULTIBOOT2_TAG_ACPI_NEW;
    size_t size = is_new ? RSDP_VERSION_2_SIZE : RSDP_VERSION_1_SIZE;

    if (tag->size < size) {
        log_warn("multiboot2: the copy of the ACPI root pointer has %zu bytes instead of %zu; ignored",
                 tag->size, size);
        parse->out->complaints++;
        return;
    }
    if (!is_new && parse->has_new_rsdp)
        return;
    memset(parse->out->rsdp, 0, sizeof(parse->out->rsdp));
    memcpy(parse->out->rsdp, tag->bytes, size);
    parse->out->has_rsdp = true;
    parse->has_new_rsdp = is_new;
}

// Without it there is still the serial line.
static void read_screen(struct parse *parse, const struct tag *tag)
{
    const char *why = screen_tag_read(tag->bytes, tag->size, &parse->memory, &parse->out->screen);

    if (why == NULL)
        return;
    log_warn("multiboot2: the framebuffer %s; nothing is shown on the screen", why);
    parse->out->complaints++;
}

static void read_tag(struct parse *parse, const struct tag *tag, enum pass pass)
{
    struct boot_info *out = parse->out;

    if (tag->type == MULTIBOOT2_TAG_MEMORY_MAP) {
        if (pass != PASS_REST)
            read_memory_map(parse, tag, pass == PASS_USABLE_MEMORY);
        return;
    }
    if (pass != PASS_REST)
        return;
    switch (tag->type) {
    case MULTIBOOT2_TAG_COMMAND_LINE:
        copy_text(parse, "boot line", out->line, sizeof(out->line), tag->bytes, tag->size);
        break;
    case MULTIBOOT2_TAG_LOADER_NAME:
        copy_text(parse, "loader's name", out->loader, sizeof(out->loader), tag->bytes, tag->size);
        break;
    case MULTIBOOT2_TAG_MODULE:
        read_module(parse, tag);
        break;
    case MULTIBOOT2_TAG_FRAMEBUFFER:
        read_screen(parse, tag);
        break;
    case MULTIBOOT2_TAG_ACPI_OLD:
    case MULTIBOOT2_TAG_ACPI_NEW:
        read_rsdp(parse, tag);
        break;
    default:
        break;
    }
}

static bool holds_module(const struct boot_info *info, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < info->module_count; i++)
        if (info->modules[i].start < end && info->modules[i].end > start)
            return true;
    return false;
}

// The highest one that will do; 0: there is none. Page 0 holds what the firmware's interrupts need.
static uint64_t find_start_page(const struct parse *parse)
{
    for (uint64_t page = START_PAGE_END - PAGE_SIZE; page > 0; page -= PAGE_SIZE)
        if (boot_memory_contains(&parse->memory, page, page + PAGE_SIZE) &&
            !holds_module(parse->out, page, page + PAGE_SIZE))
            return page;
    return 0;
}

bool multiboot2_parse(uint32_t magic, const void *info, size_t readable_size, struct boot_info *out,
                      const char **reason)
{
    struct parse parse = {
        .out = out,
        .memory = { .ranges = out->memory, .capacity = BOOT_INFO_MEMORY_MAX },
    };

    memset(out, 0, sizeof(*out));
    *reason = NULL;
    if (magic != MULTIBOOT2_LOADER_MAGIC) {
        *reason = "the loader is not a multiboot2 loader";
        return false;
    }
    for (enum pass pass = PASS_USABLE_MEMORY; pass < PASS_COUNT; pass++) {
        struct walk walk;
        struct tag tag;

        if (start_walk(&walk, info, readable_size))
            while (next_tag(&walk, &tag))
                read_tag(&parse, &tag, pass);
        if (walk.reason != NULL) {
            *reason = walk.reason;
            return false;
        }
    }
    if (!parse.has_memory_map) {
        *reason = "the loader gave no memory map";
        return false;
    }
    out->start_page = find_start_page(&parse);
    boot_memory_remove(&parse.memory, 0, LOW_MEMORY_END);
    boot_memory_align(&parse.memory, PAGE_SIZE);
    out->memory_count = parse.memory.count;
    if (out->memory_count == 0) {
        *reason = "the loader's memory map has no usable RAM above 1 MiB";
        return false;
    }
    return true;
}
