/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON texts compared as PostgreSQL compares jsonb:
 *
 *     app_contains(a, b)       @>: b's members and elements are in a
 *     app_overlaps(a, b)       && of arrays: they have an element in common, which is not null
 *     app_json_compare(a, b)   -1, 0, 1 in jsonb's order; strings by their bytes
 *     COLLATE app_json         the same order
 *
 * SQL NULL gives SQL NULL. A text that is no JSON counts as a JSON string, as it is shown.
 */
#include <stdlib.h>

#include <jansson.h>

#include "app_db_sqlite.h"

/* Order */

/** null < string < number < boolean < array < object */
static int rank(const json_t *json)
{
    static const int ranks[] = { [JSON_NULL] = 0, [JSON_STRING] = 1, [JSON_INTEGER] = 2,
                                 [JSON_REAL] = 2, [JSON_FALSE] = 3,  [JSON_TRUE] = 3,
                                 [JSON_ARRAY] = 4, [JSON_OBJECT] = 5 };

    return ranks[json_typeof(json)];
}

/** Bytes in their order, a beginning before what goes on. */
static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order ? (order > 0) - (order < 0) : (a_len > b_len) - (a_len < b_len);
}

static int compare_numbers(const json_t *a, const json_t *b)
{
    double first, second;

    if (json_is_integer(a) && json_is_integer(b)) {
        return (json_integer_value(a) > json_integer_value(b)) -
               (json_integer_value(a) < json_integer_value(b));
    }
    first = json_number_value(a);
    second = json_number_value(b);
    return (first > second) - (first < second);
}

static int compare(const json_t *a, const json_t *b);

static int compare_arrays(const json_t *a, const json_t *b)
{
    size_t count = json_array_size(a), others = json_array_size(b), i;
    int order = (count > others) - (count < others);

    for (i = 0; i < count && !order; i++) {
        order = compare(json_array_get(a, i), json_array_get(b, i));
    }
    return order;
}

/** Short keys first, as jsonb keeps them. */
static int compare_keys(const void *a, const void *b)
{
    const char *first = *(const char *const *)a, *second = *(const char *const *)b;
    size_t len = strlen(first), other = strlen(second);

    return len != other ? (len > other) - (len < other) : memcmp(first, second, len);
}

/** The keys in jsonb's order. @return freed by the caller; NULL: no memory, or no keys */
static const char **keys_of(const json_t *object)
{
    const char **keys = malloc(sizeof(*keys) * (json_object_size(object) + 1)), *key;
    json_t *value;
    size_t n = 0;

    if (keys) {
        json_object_foreach((json_t *)object, key, value) {
            keys[n++] = key;
        }
        qsort(keys, n, sizeof(*keys), compare_keys);
    }
    return keys;
}

static int compare_members(const json_t *a, const json_t *b, const char **keys,
                           const char **others)
{
    size_t count = json_object_size(a), i;
    int order = 0;

    for (i = 0; i < count && !order; i++) {
        order = compare_bytes(keys[i], strlen(keys[i]), others[i], strlen(others[i]));
        if (!order) {
            order = compare(json_object_get(a, keys[i]), json_object_get(b, others[i]));
        }
    }
    return order;
}

static int compare_objects(const json_t *a, const json_t *b)
{
    size_t count = json_object_size(a), others = json_object_size(b);
    const char **keys, **other_keys;
    int order = (count > others) - (count < others);

    if (order) {
        return order;
    }
    keys = keys_of(a);
    other_keys = keys_of(b);
    order = keys && other_keys ? compare_members(a, b, keys, other_keys) : 0;
    free(keys);
    free(other_keys);
    return order;
}

static int compare(const json_t *a, const json_t *b)
{
    int order = rank(a) - rank(b);

    if (order) {
        return order > 0 ? 1 : -1;
    }
    switch (json_typeof(a)) {
    case JSON_STRING:
        return compare_bytes(json_string_value(a), json_string_length(a), json_string_value(b),
                             json_string_length(b));
    case JSON_INTEGER:
    case JSON_REAL:
        return compare_numbers(a, b);
    case JSON_ARRAY:
        return compare_arrays(a, b);
    case JSON_OBJECT:
        return compare_objects(a, b);
    default:
        return json_is_true(a) - json_is_true(b);
    }
}

/* Containment */

static int is_container(const json_t *json)
{
    return json_is_array(json) || json_is_object(json);
}

static int contains(app_lite_t *lite, const json_t *a, const json_t *b);

/** Whether an array has an element that is, or contains, the value. */
static int has_element(app_lite_t *lite, const json_t *array, const json_t *value)
{
    size_t i;

    if (lite->stopped || app_lite_must_stop(lite)) {
        return 0;
    }
    for (i = 0; i < json_array_size(array); i++) {
        if (contains(lite, json_array_get(array, i), value)) {
            return 1;
        }
    }
    return 0;
}

static int has_elements(app_lite_t *lite, const json_t *a, const json_t *b)
{
    size_t i;

    for (i = 0; i < json_array_size(b); i++) {
        if (!has_element(lite, a, json_array_get(b, i))) {
            return 0;
        }
    }
    return 1;
}

static int has_members(app_lite_t *lite, const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)b, key, value) {
        const json_t *own = json_object_get(a, key);

        if (!own || !contains(lite, own, value)) {
            return 0;
        }
    }
    return 1;
}

/** Containers of one kind, or two scalars that are equal. */
static int contains(app_lite_t *lite, const json_t *a, const json_t *b)
{
    if (rank(a) != rank(b)) {
        return 0;
    }
    if (!is_container(a)) {
        return compare(a, b) == 0;
    }
    return json_is_array(a) ? has_elements(lite, a, b) : has_members(lite, a, b);
}

static int overlaps(app_lite_t *lite, const json_t *a, const json_t *b)
{
    size_t i, j;

    for (i = 0; i < json_array_size(b) && !app_lite_must_stop(lite); i++) {
        const json_t *element = json_array_get(b, i);

        for (j = 0; j < json_array_size(a) && !json_is_null(element); j++) {
            if (compare(element, json_array_get(a, j)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* The functions */

/** @return to be released; NULL: no memory */
static json_t *parse_text(const char *text, size_t len)
{
    size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *json = json_loadb(text, len, flags, NULL);

    if (!json) {
        json = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL, NULL); /* beyond 64 bits */
    }
    return json ? json : json_stringn_nocheck(text, len);
}

/** @return to be released; NULL: SQL NULL, or no memory */
static json_t *parse(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);

    return text ? parse_text(text, (size_t)sqlite3_value_bytes(value)) : NULL;
}

static void release(void *json)
{
    json_decref(json);
}

/** The second argument is mostly a constant: SQLite keeps for the statement what was made of it. */
static const json_t *parse_second(sqlite3_context *ctx, sqlite3_value *value)
{
    json_t *json = sqlite3_get_auxdata(ctx, 1);

    if (!json && (json = parse(value)) != NULL) {
        sqlite3_set_auxdata(ctx, 1, json, release);
        json = sqlite3_get_auxdata(ctx, 1);
    }
    return json;
}

static void result_of(sqlite3_context *ctx, sqlite3_value **argv,
                      int (*ask)(app_lite_t *lite, const json_t *a, const json_t *b))
{
    app_lite_t *lite = sqlite3_user_data(ctx);
    json_t *a = parse(argv[0]);
    const json_t *b = a ? parse_second(ctx, argv[1]) : NULL;

    if (b) {
        sqlite3_result_int(ctx, ask(lite, a, b));
    }
    if (lite->stopped) {
        sqlite3_result_error_code(ctx, SQLITE_INTERRUPT);
    }
    json_decref(a);
}

/** As a whole an array also contains a scalar that is one of its elements. */
static int contains_whole(app_lite_t *lite, const json_t *a, const json_t *b)
{
    return json_is_array(a) && !is_container(b) ? has_element(lite, a, b) : contains(lite, a, b);
}

static int compare_whole(app_lite_t *lite, const json_t *a, const json_t *b)
{
    (void)lite;
    return compare(a, b);
}

static void app_contains(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    result_of(ctx, argv, contains_whole);
}

static void app_overlaps(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    result_of(ctx, argv, overlaps);
}

static void app_json_compare(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    result_of(ctx, argv, compare_whole);
}

static int collate(void *data, int a_len, const void *a, int b_len, const void *b)
{
    json_t *first = parse_text(a, (size_t)a_len), *second = parse_text(b, (size_t)b_len);
    int order = first && second ? compare(first, second) : 0;

    (void)data;
    json_decref(first);
    json_decref(second);
    return order;
}

int app_lite_functions_jsonb(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = {
        { "app_contains", 2, app_contains },
        { "app_overlaps", 2, app_overlaps },
        { "app_json_compare", 2, app_json_compare },
    };

    int rc = sqlite3_create_collation_v2(lite->link, "app_json", SQLITE_UTF8, NULL, collate, NULL);

    return rc != SQLITE_OK ? rc
                           : app_lite_register(lite, functions,
                                               sizeof(functions) / sizeof(functions[0]),
                                               APP_LITE_PURE);
}
