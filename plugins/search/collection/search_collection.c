/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads app_search, and keeps what it has read: lists are immutable and counted, so that requests
 * go on with the one that they have while another thread puts a newer one in its place.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"
#include "apr_thread_mutex.h"

#include "search_collection.h"

#define AGE_MAX  apr_time_from_sec(5)
#define NO_TABLE "42P01" /* SQLSTATE */
#define NO_RIGHT "42501"
#define SELECT                                                                                    \
    "SELECT name, relation, key, language, title, columns, facets, corrects FROM app_search "

typedef struct list_t {
    apr_pool_t         *pool;
    apr_array_header_t *all;
    int                 uses; /* under the lock */
} list_t;

struct search_collections_t {
    app_instance_t     *self;
    apr_thread_mutex_t *lock;
    list_t             *current; /* NULL: nothing read yet */
    apr_time_t          read;
};

const char *const search_field_names[SEARCH_FIELDS] = {
    "name", "relation", "key", "language", "title", "columns", "facets", "corrects"
};

/* Reading */

/** Divides at commas. @return array of const char * */
static apr_array_header_t *words_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));
    char *state, *word, *copy = apr_pstrdup(p, text);

    for (word = apr_strtok(copy, ",", &state); word; word = apr_strtok(NULL, ",", &state)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

static int read_column(search_column_t *column, const char *text, apr_pool_t *p)
{
    const char *colon = strrchr(text, ':');

    column->label = colon ? colon[1] : 'D';
    column->name = apr_pstrmemdup(p, text, colon ? (apr_size_t)(colon - text) : strlen(text));
    return *column->name && column->label >= 'A' && column->label <= 'D' &&
           (!colon || !colon[2]);
}

int search_columns_parse(const search_column_t **pcolumns, int *pcount, const char *text,
                         apr_pool_t *p)
{
    apr_array_header_t *words = words_of(text, p);
    search_column_t *columns = apr_pcalloc(p, sizeof(*columns) * (apr_size_t)(words->nelts + 1));
    int i;

    for (i = 0; i < words->nelts; i++) {
        if (!read_column(&columns[i], APR_ARRAY_IDX(words, i, const char *), p)) {
            return 0;
        }
    }
    *pcolumns = columns;
    *pcount = words->nelts;
    return words->nelts > 0;
}

/** "schema.table" on PostgreSQL, "table" on SQLite. */
static void take_relation(search_collection_t *collection, const char *relation, apr_pool_t *p)
{
    const char *dot = strchr(relation, '.');

    collection->relation = dot ? dot + 1 : relation;
    collection->schema = dot ? apr_pstrmemdup(p, relation, (apr_size_t)(dot - relation)) : NULL;
}

static void make_labels(search_collection_t *collection, apr_pool_t *p)
{
    int i;

    for (i = 0; i < SEARCH_LABELS; i++) {
        collection->labels[i] = "";
    }
    for (i = 0; i < collection->ncolumns; i++) {
        const char **label = &collection->labels[collection->columns[i].label - 'A'];
        app_buf_t buf;

        app_buf_init(&buf, p, APR_SIZE_MAX / 2);
        app_buf_adds(&buf, *label);
        app_buf_adds(&buf, **label ? " " : "");
        app_buf_add_ident(&buf, collection->columns[i].name);
        *label = buf.data;
    }
}

const search_collection_t *search_collection_make(const char *const fields[SEARCH_FIELDS],
                                                  apr_pool_t *p)
{
    search_collection_t *collection = apr_pcalloc(p, sizeof(*collection));
    const apr_array_header_t *facets = words_of(fields[SEARCH_FACETS], p);

    memcpy(collection->fields, fields, sizeof(collection->fields));
    collection->name = fields[SEARCH_NAME];
    take_relation(collection, fields[SEARCH_RELATION], p);
    collection->key = fields[SEARCH_KEY];
    collection->language = fields[SEARCH_LANGUAGE];
    collection->title = fields[SEARCH_TITLE];
    collection->corrects = strcmp(fields[SEARCH_CORRECTS], "0") != 0;
    collection->facets = (const char *const *)facets->elts;
    collection->nfacets = facets->nelts;
    if (!search_columns_parse(&collection->columns, &collection->ncolumns, fields[SEARCH_COLUMNS],
                              p)) {
        return NULL;
    }
    make_labels(collection, p);
    return collection;
}

static void read_row(apr_array_header_t *list, const app_rows_t *rows, apr_pool_t *p)
{
    const char *fields[SEARCH_FIELDS];
    const search_collection_t *collection;
    int i;

    for (i = 0; i < SEARCH_FIELDS; i++) {
        fields[i] = apr_pstrdup(p, app_rows_text(rows, i, NULL));
    }
    if ((collection = search_collection_make(fields, p))) {
        APR_ARRAY_PUSH(list, const search_collection_t *) = collection;
    }
}

apr_status_t search_begin(app_tx_t **ptx, app_instance_t *self, app_request_t *r, int readonly,
                          app_error_t *err, apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = readonly != 0, .request = r };
    app_db_t *db = app_instance_db(self);

    if (app_tx_begin(ptx, db, &options, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_db_kind(db) == APP_DB_PGSQL) {
        app_tx_set(*ptx, "search_path", "app, public");
    }
    return APR_SUCCESS;
}

apr_status_t search_collections_read(apr_array_header_t **plist, app_tx_t *tx, const char *name,
                                     app_error_t *err, apr_pool_t *p)
{
    const app_value_t param = { .type = APP_VALUE_TEXT, .text = name,
                                .len = name ? strlen(name) : 0 };
    const app_sql_t sql = { name ? SELECT "WHERE name = $1" : SELECT "ORDER BY name", &param,
                            name != NULL };
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const search_collection_t *));
    app_rows_t *rows;
    apr_status_t status;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        read_row(list, rows, p);
    }
    *plist = list;
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** A database without our table, or without a right to it, is no mistake of who asks. */
static apr_status_t told(apr_status_t status, app_error_t *err)
{
    if (status != APR_SUCCESS && (strcmp(err->code, NO_TABLE) == 0 ||
                                  strcmp(err->code, NO_RIGHT) == 0)) {
        app_fail_code(err, NO_TABLE, 503, "The site's table of collections cannot be read");
        app_log_only(err, "appctl migrate up makes app_search; on PostgreSQL the role of "
                          "AppDatabase also needs USAGE on its schema, app, and SELECT on it");
    }
    return status;
}

/* Keeping */

apr_status_t search_collections_create(search_collections_t **pcollections, app_instance_t *self,
                                       app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(self);
    search_collections_t *collections = apr_pcalloc(p, sizeof(*collections));

    collections->self = self;
    if (apr_thread_mutex_create(&collections->lock, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    *pcollections = collections;
    return APR_SUCCESS;
}

/** A pool of its own, so that it can be given back in any thread. */
static apr_status_t load(list_t **plist, search_collections_t *collections, app_request_t *r,
                         app_error_t *err, apr_pool_t *p)
{
    list_t *list = calloc(1, sizeof(*list));
    app_tx_t *tx;

    if (!list || apr_pool_create_unmanaged_ex(&list->pool, NULL, NULL) != APR_SUCCESS) {
        free(list);
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    if (search_begin(&tx, collections->self, r, 1, err, p) != APR_SUCCESS ||
        told(search_collections_read(&list->all, tx, NULL, err, list->pool), err) !=
            APR_SUCCESS) {
        apr_pool_destroy(list->pool);
        free(list);
        return APP_EFAIL;
    }
    app_tx_rollback(tx);
    *plist = list;
    return APR_SUCCESS;
}

/** Under the lock. */
static void drop(list_t *list)
{
    if (list && --list->uses == 0) {
        apr_pool_destroy(list->pool);
        free(list);
    }
}

typedef struct use_t {
    search_collections_t *collections;
    list_t               *list;
} use_t;

static apr_status_t release(void *data)
{
    use_t *use = data;

    apr_thread_mutex_lock(use->collections->lock);
    drop(use->list);
    apr_thread_mutex_unlock(use->collections->lock);
    return APR_SUCCESS;
}

/** Takes hold of the current list, or of none if it is too old. */
static list_t *hold(search_collections_t *collections, list_t *newer)
{
    list_t *list;

    apr_thread_mutex_lock(collections->lock);
    if (newer) {
        drop(collections->current);
        collections->current = newer;
        collections->read = apr_time_now();
        newer->uses++;
    }
    list = apr_time_now() - collections->read < AGE_MAX ? collections->current : NULL;
    if (list) {
        list->uses++;
    }
    apr_thread_mutex_unlock(collections->lock);
    return list;
}

apr_status_t search_collections_list(const apr_array_header_t **plist,
                                     search_collections_t *collections, app_request_t *r,
                                     app_error_t *err, apr_pool_t *p)
{
    list_t *list = hold(collections, NULL);
    use_t *use;

    if (!list) {
        if (load(&list, collections, r, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        list = hold(collections, list);
    }
    use = apr_palloc(p, sizeof(*use));
    use->collections = collections;
    use->list = list;
    apr_pool_cleanup_register(p, use, release, apr_pool_cleanup_null);
    *plist = list->all;
    return APR_SUCCESS;
}
