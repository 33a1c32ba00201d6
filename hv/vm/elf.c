// SPDX-License-Identifier: BSD-2-Clause
// Checks of a guest image. Structures are copied out before they are looked at: a module may have any alignment.

#include "vm/elf.h"

#include "abi/lull.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/elf_format.h"

// More program headers than any linker makes; it bounds the work on a hostile image.
#define PROGRAMS_MAX 64u

struct bytes {
    const uint8_t *at;
    size_t size;
};

// True where [offset, offset + length) lies inside.
static bool inside(const struct bytes *image, uint64_t offset, uint64_t length)
{
    return offset <= image->size && length <= image->size - offset;
}

// Copies out `length` bytes; false, and zeros, where they do not all exist.
static bool copy_out(const struct bytes *image, uint64_t offset, void *to, size_t length)
{
    if (!inside(image, offset, length)) {
        memset(to, 0, length);
        return false;
    }
    memcpy(to, image->at + offset, length);
    return true;
}

// Returns why the header is refused, or NULL.
static const char *check_header(const struct bytes *image, struct elf_header *header)
{
    if (!copy_out(image, 0, header, sizeof(*header)))
        return "the image is shorter than an ELF header";
    if (header->magic != ELF_MAGIC)
        return "the image is not an ELF file";
    if (header->class != ELF_CLASS_64 || header->data != ELF_DATA_LITTLE_ENDIAN ||
        header->version != ELF_VERSION_CURRENT)
        return "the image is not a 64-bit little-endian ELF file";
    if (header->machine != ELF_MACHINE_X86_64)
        return "the image is not for x86-64";
    if (header->type != ELF_TYPE_EXECUTABLE)
        return "the image is not an executable linked to fixed addresses";
    if (header->program_size != sizeof(struct elf_program))
        return "the program headers have a wrong size";
    if (header->program_count > PROGRAMS_MAX)
        return "the image has too many program headers";
    if (!inside(image, header->program_offset, (uint64_t)header->program_count * sizeof(struct elf_program)))
        return "the program headers lie outside the image";
    return NULL;
}

static uint64_t segment_end(const struct elf_segment *segment)
{
    return align_up(segment->vaddr + segment->mem_size, LULL_PAGE_SIZE);
}

// Returns why the segment is refused by itself, or NULL. The order matters: each line relies on those above it.
static const char *check_segment(const struct bytes *image, const struct elf_program *program)
{
    if (!inside(image, program->offset, program->file_size))
        return "a segment lies outside the image, which may be truncated";
    if (program->mem_size < program->file_size)
        return "a segment is larger in the file than in memory";
    if (!is_aligned(program->vaddr, LULL_PAGE_SIZE))
        return "a segment does not start on a page";
    if (program->vaddr < LULL_IMAGE_START || program->vaddr >= LULL_WINDOW_END) {
        return "a segment starts outside the guest window: images live from 0x210000 (ld: "
               "-Ttext-segment=0x210000) to 0x40000000";
    }
    if (program->mem_size > LULL_WINDOW_END - program->vaddr)
        return "a segment ends outside the guest window: images live from 0x210000 to 0x40000000";
    if ((program->flags & ELF_FLAG_WRITE) != 0 && (program->flags & ELF_FLAG_EXECUTE) != 0)
        return "a segment is writable and executable";
    return NULL;
}

// Puts the segment in its place by address. Returns why it cannot, or NULL.
static const char *insert_segment(struct elf_image *out, const struct elf_segment *segment)
{
    uint32_t at = out->segment_count;

    if (out->segment_count == ELF_SEGMENTS_MAX)
        return "the image has too many segments";
    while (at > 0 && out->segments[at - 1].vaddr > segment->vaddr)
        at--;
    if (at > 0 && segment_end(&out->segments[at - 1]) > segment->vaddr)
        return "two segments share a page";
    if (at < out->segment_count && segment_end(segment) > out->segments[at].vaddr)
        return "two segments share a page";
    memmove(&out->segments[at + 1], &out->segments[at], (out->segment_count - at) * sizeof(out->segments[0]));
    out->segments[at] = *segment;
    out->segment_count++;
    return NULL;
}

// Returns why the segments are refused, or NULL.
static const char *check_segments(const struct bytes *image, const struct elf_header *header,
                                  struct elf_image *out)
{
    uint64_t memory = 0;

    for (uint32_t i = 0; i < header->program_count; i++) {
        struct elf_program program;

        copy_out(image, header->program_offset + i * sizeof(program), &program, sizeof(program));
        if (program.type != ELF_PROGRAM_LOAD || program.mem_size == 0)
            continue;
        const char *reason = check_segment(image, &program);
        if (reason != NULL)
            return reason;
        struct elf_segment segment = {
            .vaddr = program.vaddr,
            .file_offset = program.offset,
            .file_size = program.file_size,
            .mem_size = program.mem_size,
            .writable = (program.flags & ELF_FLAG_WRITE) != 0,
            .executable = (program.flags & ELF_FLAG_EXECUTE) != 0,
        };
        reason = insert_segment(out, &segment);
        if (reason != NULL)
            return reason;
        // At most ELF_SEGMENTS_MAX times the window: no overflow.
        memory += segment_end(&segment) - segment.vaddr;
        if (memory > ELF_MEMORY_MAX)
            return "the segments take more than 64 MiB";
    }
    return out->segment_count == 0 ? "the image has no segment to load" : NULL;
}

static bool is_executable(const struct elf_image *image, uint64_t address)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        if (segment->executable && address >= segment->vaddr && address - segment->vaddr < segment->mem_size)
            return true;
    }
    return false;
}

bool elf_validate(const void *image, size_t size, struct elf_image *out, const char **reason)
{
    struct bytes bytes = { image, size };
    struct elf_header header;

    memset(out, 0, sizeof(*out));
    *reason = check_header(&bytes, &header);
    if (*reason == NULL)
        *reason = check_segments(&bytes, &header, out);
    if (*reason == NULL && !is_executable(out, header.entry))
        *reason = "the entry point is not in an executable segment";
    if (*reason != NULL)
        return false;
    out->entry = header.entry;
    out->end = segment_end(&out->segments[out->segment_count - 1]);
    return true;
}

// Finds the symbol table and its strings, both within the image.
static bool find_symbols(const struct bytes *image, struct elf_section *symbols, struct elf_section *strings)
{
    struct elf_header header;

    if (!copy_out(image, 0, &header, sizeof(header)) || header.magic != ELF_MAGIC ||
        header.section_size != sizeof(struct elf_section) ||
        !inside(image, header.section_offset, (uint64_t)header.section_count * sizeof(struct elf_section)))
        return false;
    for (uint32_t i = 0; i < header.section_count; i++) {
        copy_out(image, header.section_offset + i * sizeof(*symbols), symbols, sizeof(*symbols));
        if (symbols->type != ELF_SECTION_SYMBOLS)
            continue;
        if (symbols->link >= header.section_count)
            return false;
        copy_out(image, header.section_offset + symbols->link * sizeof(*strings), strings, sizeof(*strings));
        return inside(image, symbols->offset, symbols->size) && inside(image, strings->offset, strings->size);
    }
    return false;
}

static bool section_contains(const struct bytes *image, uint16_t index, uint64_t address)
{
    struct elf_header header;
    struct elf_section section;

    // find_symbols() has checked that the section headers lie inside.
    copy_out(image, 0, &header, sizeof(header));
    if (index == ELF_SECTION_INDEX_UNDEFINED || index >= header.section_count)
        return false;
    copy_out(image, header.section_offset + index * sizeof(section), &section, sizeof(section));
    return address >= section.address && address - section.address < section.size;
}

// True where `symbol` names code that contains `address`. One without a size (assembly) contains what follows it in
// its section.
static bool contains(const struct bytes *image, const struct elf_symbol_entry *symbol, uint64_t address)
{
    uint32_t type = symbol->info & ELF_SYMBOL_TYPE_MASK;

    if ((type != ELF_SYMBOL_FUNCTION && type != ELF_SYMBOL_NO_TYPE) || address < symbol->value)
        return false;
    if (symbol->size != 0)
        return address - symbol->value < symbol->size;
    return section_contains(image, symbol->section, address);
}

// The nearest start wins. At one address a function's name says more than a label's, such as those of linker scripts,
// and a size more than none.
static bool is_better(const struct elf_symbol_entry *symbol, const struct elf_symbol_entry *best)
{
    bool function = (symbol->info & ELF_SYMBOL_TYPE_MASK) == ELF_SYMBOL_FUNCTION;
    bool best_function = (best->info & ELF_SYMBOL_TYPE_MASK) == ELF_SYMBOL_FUNCTION;

    if (symbol->value != best->value)
        return symbol->value > best->value;
    return function != best_function ? function : symbol->size != 0 && best->size == 0;
}

static bool is_named(const struct bytes *image, const struct elf_section *strings,
                     const struct elf_symbol_entry *symbol)
{
    return symbol->name < strings->size && image->at[strings->offset + symbol->name] != '\0';
}

bool elf_symbol(const void *image, size_t size, uint64_t address, char name[ELF_SYMBOL_NAME_SIZE],
                uint64_t *offset)
{
    struct bytes bytes = { image, size };
    struct elf_section symbols, strings;
    struct elf_symbol_entry best = { 0 };
    bool found = false;

    if (!find_symbols(&bytes, &symbols, &strings))
        return false;
    for (uint64_t at = 0; symbols.size - at >= sizeof(best); at += sizeof(best)) {
        struct elf_symbol_entry symbol;

        copy_out(&bytes, symbols.offset + at, &symbol, sizeof(symbol));
        if (contains(&bytes, &symbol, address) && is_named(&bytes, &strings, &symbol) &&
            (!found || is_better(&symbol, &best))) {
            best = symbol;
            found = true;
        }
    }
    if (!found)
        return false;

    const uint8_t *text = bytes.at + strings.offset + best.name;
    size_t length = strnlen((const char *)text, strings.size - best.name);
    if (length > ELF_SYMBOL_NAME_SIZE - 1)
        length = ELF_SYMBOL_NAME_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        name[i] = text[i] >= ' ' && text[i] <= '~' ? (char)text[i] : '?';
    name[length] = '\0';
    *offset = address - best.value;
    return true;
}
