/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The prepared statements of one connection, found by their SQL text, at most so many, and not too
 * much text of them: clients choose names and embeds, so that each may be another. A new one pushes
 * out those that were used longest ago. Not from a pool, since statements come and go as
 * long as the connection lives. Used by the thread that has the connection.
 */
#include <stdlib.h>

#include "app_db_driver.h"
#include "app_hash.h"

#define MIN_STATEMENTS 8 /* of one transaction: none of these may push out another */
#define TEXT_MAX       (1 << 20) /* a prepared statement takes some 20 to 50 times its text */

#if TEXT_MAX / APP_DB_SQL_CACHED < MIN_STATEMENTS
#error "not every transaction's statements fit"
#endif

typedef struct entry_t entry_t;
struct entry_t {
    app_db_statement_t st;
    apr_uint64_t       hash;
    entry_t           *next;          /* in its bucket */
    entry_t           *newer, *older; /* by last use */
    char               text[];
};

struct app_db_statements_t {
    apr_size_t max, count;
    apr_size_t len;  /* of their texts */
    apr_size_t mask; /* number of buckets - 1 */
    entry_t   *newest, *oldest;
    void     (*drop)(void *ctx, app_db_statement_t *st);
    void      *ctx;
    entry_t   *buckets[];
};

app_db_statements_t *app_db_statements_create(apr_int64_t max,
                                              void (*drop)(void *ctx, app_db_statement_t *st),
                                              void *ctx)
{
    apr_size_t limit = max < MIN_STATEMENTS ? MIN_STATEMENTS : (apr_size_t)max;
    apr_size_t size = 16;
    app_db_statements_t *statements;

    while (size < limit * 2) {
        size *= 2;
    }
    statements = calloc(1, sizeof(*statements) + size * sizeof(entry_t *));
    if (!statements) {
        return NULL;
    }
    statements->max = limit;
    statements->mask = size - 1;
    statements->drop = drop;
    statements->ctx = ctx;
    return statements;
}

static void unlink_use(app_db_statements_t *statements, entry_t *entry)
{
    *(entry->newer ? &entry->newer->older : &statements->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &statements->oldest) = entry->newer;
}

static void link_newest(app_db_statements_t *statements, entry_t *entry)
{
    entry->newer = NULL;
    entry->older = statements->newest;
    *(entry->older ? &entry->older->newer : &statements->oldest) = entry;
    statements->newest = entry;
}

static void remove_entry(app_db_statements_t *statements, entry_t *entry)
{
    entry_t **where = &statements->buckets[entry->hash & statements->mask];

    while (*where != entry) {
        where = &(*where)->next;
    }
    *where = entry->next;
    unlink_use(statements, entry);
    statements->count--;
    statements->len -= entry->st.len;
    statements->drop(statements->ctx, &entry->st);
    free(entry);
}

static entry_t *add_entry(app_db_statements_t *statements, const char *text, apr_size_t len,
                          apr_uint64_t variant, apr_uint64_t hash)
{
    entry_t **bucket = &statements->buckets[hash & statements->mask];
    entry_t *entry;

    while (statements->oldest &&
           (statements->count >= statements->max || statements->len + len > TEXT_MAX)) {
        remove_entry(statements, statements->oldest);
    }
    entry = calloc(1, sizeof(*entry) + len + 1);
    if (!entry) {
        return NULL;
    }
    memcpy(entry->text, text, len);
    entry->st.text = entry->text;
    entry->st.len = len;
    entry->st.variant = variant;
    entry->hash = hash;
    entry->next = *bucket;
    *bucket = entry;
    statements->count++;
    statements->len += len;
    link_newest(statements, entry);
    return entry;
}

app_db_statement_t *app_db_statements_get(app_db_statements_t *statements, const char *text,
                                          apr_size_t len, apr_uint64_t variant)
{
    apr_uint64_t hash = app_hash(variant, text, len);
    entry_t *entry = statements->buckets[hash & statements->mask];

    while (entry && (entry->hash != hash || entry->st.variant != variant ||
                     entry->st.len != len || memcmp(entry->text, text, len) != 0)) {
        entry = entry->next;
    }
    if (!entry) {
        entry = add_entry(statements, text, len, variant, hash);
    }
    else if (entry != statements->newest) {
        unlink_use(statements, entry);
        link_newest(statements, entry);
    }
    return entry ? &entry->st : NULL;
}

void app_db_statements_remove(app_db_statements_t *statements, app_db_statement_t *st)
{
    remove_entry(statements, (entry_t *)st);
}

void app_db_statements_clear(app_db_statements_t *statements)
{
    while (statements->newest) {
        remove_entry(statements, statements->newest);
    }
}

void app_db_statements_destroy(app_db_statements_t *statements)
{
    app_db_statements_clear(statements);
    free(statements);
}
