/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin search: full-text search in the site's tables. Descriptor, settings, and what is asked of
 * which collection. Thread of the request, but for configure and start.
 */
#include <string.h>

#include "apr_strings.h"

#include "search_int.h"

#define ANSWER_MAX (64 * 1024 * 1024)
#define NO_RIGHT   "42501" /* SQLSTATE */

static const app_setting_t settings[] = {
    APP_SET_INT("CountMax", search_conf_t, count_max, "2000", 1, 10000000, APP_SET_LOCATION,
                "rows that are counted, and looked at for facets; of more the answer says that "
                "there are more"),
    APP_SET_INT("FacetValues", search_conf_t, facet_values, "10", 1, 1000, APP_SET_LOCATION,
                "values of each facet, the most frequent first"),
    APP_SET_INT("Limit", search_conf_t, limit, "20", 1, 1000, APP_SET_LOCATION,
                "hits of a page that asks for no other number"),
    APP_SET_INT("LimitMax", search_conf_t, limit_max, "100", 1, 1000, APP_SET_LOCATION,
                "most hits of a page"),
    APP_SET_PARSED("Collection", search_conf_t, specs, search_spec_parse, APP_SET_APPEND,
                   "a collection that appctl search apply makes: its name, table=, "
                   "columns=title:A,body:D, and perhaps facets=, language=, title=, key="),
    APP_SET_END
};

/* What is asked */

/** Parameters of search itself. */
static const char *const own[] = { "q", "in", "cursor", NULL };

static int is_own(const char *name)
{
    int i = 0;

    while (own[i] && strcmp(own[i], name) != 0) {
        i++;
    }
    return own[i] != NULL;
}

static const char *parameter(const apr_array_header_t *pairs, const char *name)
{
    int i;

    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (strcmp(pair->key, name) == 0) {
            return pair->value ? pair->value : "";
        }
    }
    return NULL;
}

/** The parameters that are the data API's. */
static const char *rows_query(const apr_array_header_t *pairs, apr_pool_t *p)
{
    const char *query = "";
    int i;

    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (!is_own(pair->key)) {
            query = apr_pstrcat(p, query, *query ? "&" : "", app_url_encode(pair->key, p), "=",
                                pair->value ? app_url_encode(pair->value, p) : "", NULL);
        }
    }
    return query;
}

static char label_of(const void *ctx, const char *name, apr_size_t len)
{
    const search_collection_t *collection = ctx;
    int i;

    for (i = 0; i < collection->ncolumns; i++) {
        const search_column_t *column = &collection->columns[i];

        if (strncmp(column->name, name, len) == 0 && !column->name[len]) {
            return column->label;
        }
    }
    return 0;
}

static apr_status_t no_collection(const apr_array_header_t *list, const char *name,
                                  app_error_t *err)
{
    const char *names = "";
    int i;

    for (i = 0; i < list->nelts; i++) {
        names = apr_pstrcat(err->pool, names, i ? ", " : "",
                            APR_ARRAY_IDX(list, i, const search_collection_t *)->name, NULL);
    }
    app_fail(err, APP_E_NOT_FOUND, "There is no collection \"%s\" to search in", name);
    return *names ? app_hint(err, "There are: %s.", names)
                  : app_hint(err, "The site makes one by appctl search create, or by lines "
                                  "Collection and appctl search apply.");
}

static const search_collection_t *find(const apr_array_header_t *list, const char *name,
                                       apr_size_t len)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const search_collection_t *each = APR_ARRAY_IDX(list, i, const search_collection_t *);

        if (strncmp(each->name, name, len) == 0 && !each->name[len]) {
            return each;
        }
    }
    return NULL;
}

/** A request, before it is known which collections it is about. */
typedef struct asked_t {
    search_t                 *search;
    app_request_t            *r;
    app_response_t           *res;
    const apr_array_header_t *pairs;
    const apr_array_header_t *list;
    apr_pool_t               *pool;
    int                       suggests;
} asked_t;

static apr_status_t ask(const asked_t *asked, const search_collection_t *collection,
                        app_buf_t *buf, app_error_t *err)
{
    const char *given = parameter(asked->pairs, "q"), *text = given;
    const search_fields_t fields = { label_of, collection,
                                     label_of(collection, collection->title,
                                              strlen(collection->title)) };
    search_query_t query;
    const search_ask_t each = { .search = asked->search,
                                .conf = app_request_settings(asked->r, asked->search->self),
                                .collection = collection,
                                .query = &query,
                                .rows = rows_query(asked->pairs, asked->pool),
                                .cursor = parameter(asked->pairs, "cursor"),
                                .r = asked->r,
                                .res = asked->res,
                                .pool = asked->pool };

    if (!text) {
        app_fail(err, APP_E_BAD_REQUEST, "\"q\" is missing, the text to search for");
        return app_hint(err, "Write it as in ?q=words");
    }
    if (asked->suggests) { /* the last word is still being typed */
        text = apr_pstrcat(asked->pool, text, "*", NULL);
    }
    search_query_read(&query, text, &fields, asked->pool);
    query.text = given + strspn(given, " \t\r\n");
    return asked->suggests ? search_suggest(&each, buf, err) : search_answer(&each, buf, err);
}

/** The collections that "in" names. One that stands there often would be work for nothing. */
static apr_status_t named(apr_array_header_t *wanted, const asked_t *asked, const char *name,
                          app_error_t *err)
{
    int i;

    for (; *name; name += strcspn(name, ","), name += *name == ',') {
        const apr_size_t len = strcspn(name, ",");
        const search_collection_t *collection = find(asked->list, name, len);

        if (!collection) {
            return no_collection(asked->list, apr_pstrmemdup(asked->pool, name, len), err);
        }
        for (i = 0; i < wanted->nelts; i++) {
            if (APR_ARRAY_IDX(wanted, i, const search_collection_t *) == collection) {
                return app_fail(err, APP_E_BAD_REQUEST, "\"in\" names \"%s\" twice",
                                collection->name);
            }
        }
        APR_ARRAY_PUSH(wanted, const search_collection_t *) = collection;
    }
    return APR_SUCCESS;
}

/** Adds nothing where the caller may not read what is searched, and that is no error. */
static apr_status_t ask_readable(const asked_t *asked, const search_collection_t *collection,
                                 app_buf_t *buf, app_error_t *err)
{
    const apr_size_t len = buf->len;

    app_buf_adds(buf, buf->data[len - 1] == '[' ? "" : ",");
    if (ask(asked, collection, buf, err) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (strcmp(err->code, NO_RIGHT) != 0) {
        return APP_EFAIL;
    }
    buf->len = len;
    buf->data[len] = '\0';
    *err = (app_error_t){ .pool = err->pool };
    return APR_SUCCESS;
}

/** Each collection that "in" names, or all that the caller may read, one behind the other. */
static apr_status_t ask_all(const asked_t *asked, app_buf_t *buf, app_error_t *err)
{
    const char *in = parameter(asked->pairs, "in");
    apr_array_header_t *wanted = apr_array_make(asked->pool, 8, sizeof(void *));
    apr_status_t status = APR_SUCCESS;
    int i;

    if (in && named(wanted, asked, in, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; !in && i < asked->list->nelts && status == APR_SUCCESS; i++) {
        status = ask_readable(asked, APR_ARRAY_IDX(asked->list, i, const search_collection_t *),
                              buf, err);
    }
    for (i = 0; i < wanted->nelts && status == APR_SUCCESS; i++) {
        app_buf_adds(buf, i ? "," : "");
        status = ask(asked, APR_ARRAY_IDX(wanted, i, const search_collection_t *), buf, err);
    }
    return status;
}

/** /search, /search/NAME, /search/NAME/suggest */
static apr_status_t answer(asked_t *asked, const char *path, app_buf_t *buf, app_error_t *err)
{
    apr_size_t len = strcspn(path, "/");
    const search_collection_t *collection;

    if (!*path) {
        app_buf_addc(buf, '[');
        if (ask_all(asked, buf, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_addc(buf, ']');
        return APR_SUCCESS;
    }
    asked->suggests = strcmp(path + len, "/suggest") == 0;
    if (path[len] && !asked->suggests) {
        return app_fail(err, APP_E_NOT_FOUND, NULL);
    }
    collection = find(asked->list, path, len);
    if (!collection) {
        return no_collection(asked->list, apr_pstrmemdup(asked->pool, path, len), err);
    }
    app_request_route_set(asked->r, apr_pstrcat(asked->pool, "/search/", collection->name,
                                                path + len, NULL));
    return ask(asked, collection, buf, err);
}

static apr_status_t handle(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    const char *path = app_request_path(r) + strlen("/search");
    asked_t asked = { .search = app_instance_context(self), .r = r, .res = res,
                      .pool = app_request_pool(r) };
    app_buf_t buf;

    app_buf_init(&buf, asked.pool, ANSWER_MAX);
    if (app_query_parse(app_request_query(r), &asked.pairs, err, asked.pool) != APR_SUCCESS ||
        search_collections_list(&asked.list, asked.search->collections, r, err, asked.pool) !=
            APR_SUCCESS ||
        answer(&asked, path + (*path == '/'), &buf, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_buf_full(&buf)) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    app_response_type(res, "application/json; charset=utf-8");
    app_response_write(res, buf.data, buf.len);
    return APP_DONE;
}

/* Life */

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const search_conf_t *conf = app_instance_settings(self);
    search_t *search = apr_pcalloc(app_instance_pool(self), sizeof(*search));

    if (app_instance_db_kind(self, &search->kind) != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "Plugin search has no database to search in");
        return app_hint(err, "Name one with AppDatabase, or leave the plugin out.");
    }
    search->self = self;
    app_instance_context_set(self, search);
    return search_specs_check(conf->specs, search->kind, err);
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    search_t *search = app_instance_context(self);

    search->data = app_service_find(self, APP_DATA_SERVICE, &search->owner);
    if (!search->data) {
        app_fail(err, APP_E_SETTING, "Plugin search needs plugin rest, and the site has none");
        return app_hint(err, "Add <AppPlugin rest> to the configuration.");
    }
    return search_collections_create(&search->collections, self, err);
}

static const app_route_t routes[] = { { "GET", "/search", handle },
                                      { "GET", "/search/", handle },
                                      { NULL, NULL, NULL } };

APP_PLUGIN(.name = "search", .version = "0.1", .summary = "full-text search in tables",
           .after = "auth rest", .settings = settings, .settings_size = sizeof(search_conf_t),
           .routes = routes, .configure = configure, .start = start, .commands = search_commands)
