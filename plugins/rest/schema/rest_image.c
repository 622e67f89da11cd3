/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An image in memory (rest_image.h): sealed when it has been made, checked and opened when it has
 * been mapped. It is not trusted: it may be cut, of another build, or have rotted. Any thread.
 */
#include <string.h>
#include <unistd.h>

#include "rest_image.h"

/* Changes with rest_schema.h: the order of an enum is part of the layout, too. */
#ifndef REST_SCHEMA_STAMP
#define REST_SCHEMA_STAMP 0
#endif

static const char magic[16] = "mod_app schema\n";

/* Checksum: four lanes, since each multiplication waits for the one before it. */

#define LANES  4
#define FACTOR APR_UINT64_C(0x9E3779B97F4A7C15)

typedef struct sum_t {
    apr_uint64_t lanes[LANES];
} sum_t;

static void add_block(sum_t *sum, const char *block)
{
    apr_uint64_t words[LANES];
    int i;

    memcpy(words, block, sizeof(words));
    for (i = 0; i < LANES; i++) {
        sum->lanes[i] = (sum->lanes[i] ^ words[i]) * FACTOR;
        sum->lanes[i] ^= sum->lanes[i] >> 32;
    }
}

static void add_bytes(sum_t *sum, const char *bytes, apr_size_t len)
{
    char rest[LANES * sizeof(apr_uint64_t)] = { 0 };

    for (; len >= sizeof(rest); bytes += sizeof(rest), len -= sizeof(rest)) {
        add_block(sum, bytes);
    }
    memcpy(rest, bytes, len);
    add_block(sum, rest);
}

static apr_uint64_t checksum(const rest_image_header_t *header, const char *body)
{
    sum_t sum = { { 1, 2, 3, 4 } };
    apr_uint64_t all = 0;
    int i;

    add_bytes(&sum, (const char *)header, offsetof(rest_image_header_t, checksum));
    add_bytes(&sum, body, header->length);
    for (i = 0; i < LANES; i++) {
        all = (all ^ sum.lanes[i]) * FACTOR;
        all ^= all >> 32;
    }
    return all;
}

static void mix(apr_uint64_t *sum, apr_uint64_t value)
{
    *sum = (*sum ^ value) * FACTOR;
    *sum ^= *sum >> 29;
}

static apr_uint64_t layout(void)
{
    apr_uint64_t sum = REST_SCHEMA_STAMP;
    int i, j;

    mix(&sum, (apr_uint64_t)sysconf(_SC_PAGESIZE));
    mix(&sum, sizeof(void *));
    for (i = 0; i < REST_SHAPES_; i++) {
        mix(&sum, rest_shapes[i].size);
        for (j = 0; j < rest_shapes[i].nmembers; j++) {
            const rest_member_t *member = &rest_shapes[i].members[j];

            mix(&sum, member->offset);
            mix(&sum, (apr_uint64_t)member->what << 32 | (apr_uint64_t)member->section);
            mix(&sum, member->count);
        }
    }
    return sum;
}

void rest_image_seal(rest_packed_t *packed)
{
    rest_image_header_t *header = &packed->header;

    memcpy(header->magic, magic, sizeof(magic));
    header->layout = layout();
    header->body = (apr_uint64_t)sysconf(_SC_PAGESIZE);
    header->superseded = 0;
    header->checksum = checksum(header, packed->body);
}

/* Checking */

/** Sections follow upon each other, each in its bounds. */
static int check_sections(const rest_image_header_t *header, const char *body)
{
    const rest_section_t *chars = &header->sections[REST_SECTION_CHARS];
    apr_uint64_t end = 0;
    int i;

    for (i = 0; i < REST_SECTIONS_; i++) {
        const rest_section_t *section = &header->sections[i];

        if (section->offset < end || section->offset > header->length ||
            section->offset % REST_IMAGE_ALIGNMENT ||
            section->count > (header->length - section->offset) / rest_section_unit(i)) {
            return 0;
        }
        end = section->offset + section->count * rest_section_unit(i);
    }
    return header->sections[REST_SHAPE_SCHEMA].count == 1 &&
           (!chars->count || !body[chars->offset + chars->count - 1]);
}

int rest_image_check(const rest_image_header_t *header, const char *body, apr_uint64_t size,
                     const rest_image_key_t *key)
{
    return memcmp(header->magic, magic, sizeof(magic)) == 0 &&
           header->layout == layout() &&
           memcmp(&header->key, key, sizeof(*key)) == 0 &&
           header->body == (apr_uint64_t)sysconf(_SC_PAGESIZE) &&
           header->length <= REST_IMAGE_MAX && header->length == size - header->body &&
           header->checksum == checksum(header, body) && check_sections(header, body);
}

/* Pointers */

typedef struct opener_t {
    const rest_image_header_t *header;
    char                      *body;
    apr_uint64_t               units[REST_SECTIONS_];
    int                        moved; /* body is not where its pointers think it is */
} opener_t;

/**
 * Checks one pointer, and moves it.
 * @param needed may not be NULL
 * @param after  the place in its section that it must lead behind; -1: anywhere
 */
static int open_pointer(const opener_t *opener, char *at, int section, apr_uint64_t count,
                        int needed, apr_int64_t after)
{
    const rest_section_t *to = &opener->header->sections[section];
    apr_uint64_t offset, index, unit = opener->units[section];
    apr_uintptr_t address;

    memcpy(&address, at, sizeof(address));
    if (!address) {
        return !needed;
    }
    offset = (apr_uint64_t)address - opener->header->base - to->offset;
    if (offset >= to->count * unit) {
        return 0;
    }
    index = unit == 1 ? offset : offset / unit;
    if (index * unit != offset || count > to->count - index || (apr_int64_t)index <= after) {
        return 0;
    }
    if (opener->moved) {
        address = (apr_uintptr_t)(opener->body + to->offset + offset);
        memcpy(at, &address, sizeof(address));
    }
    return 1;
}

/** @param i the object's place in its section */
static int open_member(const opener_t *opener, const rest_member_t *member, char *object,
                       apr_uint64_t i)
{
    apr_int64_t after = member->what == REST_MEMBER_NEXT ? (apr_int64_t)i : -1;
    static const void *const null;
    apr_uint64_t things = 1;
    int count;

    if (member->what == REST_MEMBER_NONE) {
        return memcmp(object + member->offset, &null, sizeof(null)) == 0;
    }
    if (member->count) {
        memcpy(&count, object + member->count, sizeof(count));
        if (count < 0) {
            return 0;
        }
        things = (apr_uint64_t)count * (apr_uint64_t)member->times;
    }
    return open_pointer(opener, object + member->offset, member->section, things,
                        member->needed || (member->count && things), after);
}

static int open_objects(const opener_t *opener, int section)
{
    const rest_shape_t *shape = &rest_shapes[section];
    char *object = opener->body + opener->header->sections[section].offset;
    apr_uint64_t i, count = opener->header->sections[section].count;
    int j;

    for (i = 0; i < count; i++, object += shape->size) {
        for (j = 0; j < shape->nmembers; j++) {
            if (!open_member(opener, &shape->members[j], object, i)) {
                return 0;
            }
        }
    }
    return 1;
}

static int open_lists(const opener_t *opener, int section)
{
    int to = section == REST_SECTION_TEXTS ? REST_SECTION_CHARS : section - REST_SECTION_LISTS;
    char *at = opener->body + opener->header->sections[section].offset;
    apr_uint64_t i, count = opener->header->sections[section].count;

    for (i = 0; i < count; i++, at += sizeof(void *)) {
        if (!open_pointer(opener, at, to, 1, 1, -1)) {
            return 0;
        }
    }
    return 1;
}

apr_status_t rest_image_open(rest_schema_t **pschema, const rest_image_header_t *header,
                             char *body)
{
    opener_t opener = { .header = header, .body = body };
    int i;

    opener.moved = (apr_uint64_t)(apr_uintptr_t)body != header->base;
    for (i = 0; i < REST_SECTIONS_; i++) {
        opener.units[i] = rest_section_unit(i);
    }
    for (i = 0; i < REST_SECTION_CHARS; i++) {
        if (!(i < REST_SHAPES_ ? open_objects(&opener, i) : open_lists(&opener, i))) {
            return APR_EMISMATCH;
        }
    }
    *pschema = (rest_schema_t *)(body + header->sections[REST_SHAPE_SCHEMA].offset);
    return APR_SUCCESS;
}
