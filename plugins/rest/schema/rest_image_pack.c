/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Makes an image of a snapshot (rest_image.h). All that can be reached is found first and given its
 * place, each thing once; then it is copied, its pointers replaced by where those things will be.
 * Called by the thread that has loaded the snapshot.
 */
#include <string.h>

#include "apr_hash.h"
#include "apr_strings.h"
#include "apr_tables.h"

#include "rest_image.h"

/*
 * Where bodies are mapped: addresses that no loader and no allocator hands out by itself. Images
 * that follow upon each other get different ones, as both are mapped for a while.
 */
#define BASE_FIRST (APR_UINT64_C(0x200000000000))
#define BASE_STEP  (APR_UINT64_C(1) << 31)
#define BASE_COUNT 4096

/** Things that lie together in the snapshot. */
typedef struct item_t {
    const void  *from;
    apr_uint64_t count, at; /* in things */
} item_t;

typedef struct list_t {
    apr_array_header_t *items; /* of item_t */
    int                 done;  /* items whose members have been found */
    apr_uint64_t        count;
} list_t;

/** What one pointer points to. */
typedef struct target_t {
    const void  *from; /* NULL: nowhere */
    apr_uint64_t count;
    int          section;
} target_t;

/** Must have no holes: it is a key. */
typedef struct place_key_t {
    const void  *from;
    apr_uint32_t section, count;
} place_key_t;

typedef struct packer_t {
    list_t               lists[REST_SECTIONS_];
    apr_hash_t          *places; /* place_key_t → item_t */
    apr_hash_t          *texts;  /* text → item_t */
    rest_image_header_t *header;
    char                *body;
    apr_pool_t          *pool;
} packer_t;

static const void *pointer_at(const void *at)
{
    const void *pointer;

    memcpy(&pointer, at, sizeof(pointer));
    return pointer;
}

static target_t target_of(const rest_member_t *member, const char *object)
{
    target_t target = { .section = member->section, .count = 1 };
    int count;

    if (member->what == REST_MEMBER_NONE) {
        return target;
    }
    target.from = pointer_at(object + member->offset);
    if (member->count) {
        memcpy(&count, object + member->count, sizeof(count));
        target.count = (apr_uint64_t)count * (apr_uint64_t)member->times;
    }
    if (!target.count) {
        target.from = NULL;
    }
    return target;
}

/* Finding */

/** The item of a target; NULL: it has none yet. A text is the same wherever it stands. */
static item_t *find(const packer_t *packer, const target_t *target)
{
    place_key_t key = { target->from, (apr_uint32_t)target->section, (apr_uint32_t)target->count };

    return target->section == REST_SECTION_CHARS
               ? apr_hash_get(packer->texts, target->from, APR_HASH_KEY_STRING)
               : apr_hash_get(packer->places, &key, sizeof(key));
}

static void add_item(packer_t *packer, const target_t *target)
{
    list_t *list = &packer->lists[target->section];
    item_t *item = apr_palloc(packer->pool, sizeof(*item));
    place_key_t *key;

    item->from = target->from;
    item->count = target->section == REST_SECTION_CHARS ? strlen(target->from) + 1 : target->count;
    item->at = list->count;
    list->count += item->count;
    APR_ARRAY_PUSH(list->items, item_t *) = item;
    if (target->section == REST_SECTION_CHARS) {
        apr_hash_set(packer->texts, target->from, APR_HASH_KEY_STRING, item);
        return;
    }
    key = apr_palloc(packer->pool, sizeof(*key));
    key->from = target->from;
    key->section = (apr_uint32_t)target->section;
    key->count = (apr_uint32_t)target->count;
    apr_hash_set(packer->places, key, sizeof(*key), item);
}

/** The object that follows upon one; NULL: none does. */
static const void *next_of(int section, const void *object)
{
    const rest_member_t *members = rest_shapes[section].members;

    return members[0].what == REST_MEMBER_NEXT
               ? pointer_at((const char *)object + members[0].offset) : NULL;
}

/** Gives a target its place, and with it all that follow upon it: they stand in that order. */
static void place(packer_t *packer, target_t target)
{
    while (target.from && !find(packer, &target)) {
        add_item(packer, &target);
        target.from = target.section < REST_SHAPES_ ? next_of(target.section, target.from) : NULL;
    }
}

static void place_members(packer_t *packer, int section, const item_t *item)
{
    const rest_shape_t *shape = &rest_shapes[section];
    const char *object = item->from, *end = object + item->count * shape->size;
    int i;

    for (; object < end; object += shape->size) {
        for (i = 0; i < shape->nmembers; i++) {
            place(packer, target_of(&shape->members[i], object));
        }
    }
}

/** Where the pointers of a list lead to. */
static int section_of_list(int section)
{
    return section == REST_SECTION_TEXTS ? REST_SECTION_CHARS : section - REST_SECTION_LISTS;
}

static target_t target_of_list(int section, const item_t *item, apr_uint64_t i)
{
    target_t target = { .section = section_of_list(section), .count = 1 };

    target.from = ((const void *const *)item->from)[i];
    return target;
}

static void place_list(packer_t *packer, int section, const item_t *item)
{
    apr_uint64_t i;

    for (i = 0; i < item->count; i++) {
        place(packer, target_of_list(section, item, i));
    }
}

/**
 * A queue instead of recursion, for links may lead through all relations. The first section that
 * has something to look at goes first.
 */
static void find_all(packer_t *packer)
{
    int section = 0;

    while (section < REST_SECTION_CHARS) {
        list_t *list = &packer->lists[section];

        if (list->done == list->items->nelts) {
            section++;
            continue;
        }
        if (section < REST_SHAPES_) {
            place_members(packer, section, APR_ARRAY_IDX(list->items, list->done, item_t *));
        }
        else {
            place_list(packer, section, APR_ARRAY_IDX(list->items, list->done, item_t *));
        }
        list->done++;
        section = 0;
    }
}

/* Copying */

/** @return APR_ENOSPC if it is too large */
static apr_status_t lay_out(packer_t *packer)
{
    rest_image_header_t *header = packer->header;
    apr_uint64_t length = 0;
    int i;

    for (i = 0; i < REST_SECTIONS_; i++) {
        header->sections[i].offset = length;
        header->sections[i].count = packer->lists[i].count;
        length += APR_ALIGN(packer->lists[i].count * rest_section_unit(i), REST_IMAGE_ALIGNMENT);
        if (length > REST_IMAGE_MAX) {
            return APR_ENOSPC;
        }
    }
    header->length = length;
    return APR_SUCCESS;
}

/** Where a target will be when the body is mapped at its base. */
static void write_pointer(const packer_t *packer, void *to, const target_t *target)
{
    const item_t *item = target->from ? find(packer, target) : NULL;
    apr_uintptr_t address = 0;

    if (item) {
        address = (apr_uintptr_t)(packer->header->base +
                                  packer->header->sections[target->section].offset +
                                  item->at * rest_section_unit(target->section));
    }
    memcpy(to, &address, sizeof(address));
}

static void copy_objects(const packer_t *packer, int section, const item_t *item, char *to)
{
    const rest_shape_t *shape = &rest_shapes[section];
    const char *object = item->from, *end = object + item->count * shape->size;
    int i;

    memcpy(to, object, item->count * shape->size);
    for (; object < end; object += shape->size, to += shape->size) {
        for (i = 0; i < shape->nmembers; i++) {
            target_t target = target_of(&shape->members[i], object);

            write_pointer(packer, to + shape->members[i].offset, &target);
        }
    }
}

static void copy_item(const packer_t *packer, int section, const item_t *item)
{
    char *to = packer->body + packer->header->sections[section].offset +
               item->at * rest_section_unit(section);
    apr_uint64_t i;

    if (section < REST_SHAPES_) {
        copy_objects(packer, section, item, to);
    }
    else if (section == REST_SECTION_CHARS) {
        memcpy(to, item->from, item->count);
    }
    else {
        for (i = 0; i < item->count; i++) {
            target_t target = target_of_list(section, item, i);

            write_pointer(packer, to + i * sizeof(void *), &target);
        }
    }
}

static void copy_all(packer_t *packer)
{
    int i, j;

    packer->body = apr_pcalloc(packer->pool, packer->header->length);
    for (i = 0; i < REST_SECTIONS_; i++) {
        for (j = 0; j < packer->lists[i].items->nelts; j++) {
            copy_item(packer, i, APR_ARRAY_IDX(packer->lists[i].items, j, item_t *));
        }
    }
}

apr_status_t rest_image_pack(rest_packed_t *packed, const rest_schema_t *schema,
                             const rest_image_key_t *key, apr_pool_t *p)
{
    const target_t root = { .from = schema, .count = 1, .section = REST_SHAPE_SCHEMA };
    packer_t packer = { .header = &packed->header, .pool = p };
    int i;

    memset(&packed->header, 0, sizeof(packed->header));
    packer.places = apr_hash_make(p);
    packer.texts = apr_hash_make(p);
    for (i = 0; i < REST_SECTIONS_; i++) {
        packer.lists[i].items = apr_array_make(p, 64, sizeof(item_t *));
    }
    place(&packer, root);
    find_all(&packer);
    packed->header.base = BASE_FIRST + (apr_uint64_t)schema->loaded % BASE_COUNT * BASE_STEP;
    if (sizeof(void *) < sizeof(apr_uint64_t)) {
        packed->header.base = 0;
    }
    if (lay_out(&packer) != APR_SUCCESS) {
        return APR_ENOSPC;
    }
    copy_all(&packer);
    packed->body = packer.body;
    packed->header.key = *key;
    rest_image_seal(packed);
    return APR_SUCCESS;
}
