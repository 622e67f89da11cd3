/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Images of snapshots built by hand, whole and broken. Those of real catalogues are what
 * test_rest_schema_pgsql.c and test_rest_schema_sqlite.c look at.
 */
#include "unit_image.h"
#include "unit_schema.h"
#include "unit_snapshot.h"

static const char words[] = "table a id* x;table b id* a;table j a* b*;view va id=a.id;"
                            "table hidden.h id*;key ba b(a) a(id);key ja j(a) a(id);"
                            "key jb j(b) b(id)";

static rest_routine_t *add_routine(rest_schema_t *schema, const char *name, const char *type)
{
    rest_routine_t *routine = rest_schema_routine_add(schema, &schema->spaces[0], name);

    routine->gives = REST_GIVES_VALUE;
    routine->type = type;
    return routine;
}

/** A function with parameters, an overload and settings, and a computed column and relation. */
static void add_routines(rest_schema_t *schema, rest_relation_t *relation)
{
    static const rest_param_t params[] = { { .name = "n", .type = "integer", .required = 1 },
                                           { .name = "", .type = "text", .default_value = "1" } };
    static const char *settings[] = { "work_mem", "1MB", "jit", "off" };
    rest_routine_t *routine = add_routine(schema, "f", "integer");
    rest_link_t *link = apr_pcalloc(schema->pool, sizeof(*link));

    routine->params = apr_pmemdup(schema->pool, params, sizeof(params));
    routine->nparams = 2;
    routine->settings = settings;
    routine->nsettings = 2;
    rest_schema_execute_add(schema, routine, "web");
    routine = add_routine(schema, "f", "text");
    routine->media = "text/plain";
    routine->isolation = "serializable";
    routine = add_routine(schema, "g", "record");
    routine->gives = REST_GIVES_ROW;
    routine->relation = rest_schema_relation_make(schema, "own");
    rest_schema_column_add(schema, rest_schema_relation_make(schema, "unused"), "u", "text");
    relation->computed = rest_schema_routine_make(schema, &schema->spaces[0], "full");
    relation->computed->type = "text";
    relation->computed->next = rest_schema_routine_make(schema, &schema->spaces[0], "half");
    relation->computed->next->type = "text";
    link->cardinality = REST_COMPUTED;
    link->from = relation;
    link->to = rest_schema_relation(schema, "public", "b");
    link->routine = relation->computed->next;
    rest_schema_link_add(schema, link);
}

static void add_rest(rest_schema_t *schema, rest_relation_t *relation)
{
    static const char *labels[] = { "sad", "so so", "" };
    static const char *columns[] = { "x" };
    rest_fulltext_t *fulltext = apr_pcalloc(schema->pool, sizeof(*fulltext));
    rest_handler_t *handler = apr_pcalloc(schema->pool, sizeof(*handler));
    rest_role_setting_t *setting = apr_pcalloc(schema->pool, sizeof(*setting));

    relation->columns[1]->labels = labels;
    relation->columns[1]->nlabels = 3;
    relation->columns[1]->comment = "many";
    fulltext->ident = "main.fts";
    fulltext->name = "fts";
    fulltext->columns = columns;
    fulltext->ncolumns = 1;
    fulltext->row = relation->columns[0];
    relation->fulltext = fulltext;
    handler->media = "text/csv";
    handler->ident = "public.csv";
    relation->handlers = handler;
    schema->handlers = handler;
    setting->role = "web";
    setting->name = "statement_timeout";
    setting->value = "7s";
    setting->next = apr_pmemdup(schema->pool, setting, sizeof(*setting));
    schema->role_settings = setting;
    rest_schema_grant_add(schema, relation, "web", REST_RIGHT_SELECT, "x", "id > 1", NULL);
    rest_schema_grant_add(schema, relation, "admin", REST_RIGHT_UPDATE, NULL, NULL, "id < 9");
}

/** One of everything. In a pool of its own. */
static rest_schema_t *made(void)
{
    rest_schema_t *schema = schema_of_words(APP_DB_SQLITE, words);
    rest_relation_t *relation = rest_schema_relation(schema, "public", "a");

    rest_schema_link(schema);
    add_routines(schema, relation);
    rest_schema_sort(schema);
    add_rest(schema, relation);
    schema->loaded = 12345;
    schema->grants_version = 7;
    apr_pool_create(&schema->pool, unit_pool);
    return schema;
}

static void add_grants(app_buf_t *buf, const rest_grant_t *grant)
{
    for (; grant; grant = grant->next) {
        app_buf_addf(buf, " grant=%s,%d", grant->role, (int)grant->right);
        snapshot_add(buf, "columns", grant->columns);
        snapshot_add(buf, "filter", grant->row_filter);
        snapshot_add(buf, "check", grant->check_expr);
    }
    app_buf_addc(buf, '\n');
}

static const char *text_of(const rest_schema_t *schema)
{
    app_buf_t *buf = snapshot_buffer();
    const rest_role_setting_t *setting;
    const rest_routine_t *routine;
    int i, j;

    for (i = 0; i < schema->nspaces; i++) {
        const rest_space_t *space = &schema->spaces[i];

        app_buf_addf(buf, "%s\n", space->name);
        for (j = 0; j < space->nrelations; j++) {
            snapshot_relation(buf, space->relations[j], 1);
            add_grants(buf, space->relations[j]->grants);
            for (routine = space->relations[j]->computed; routine; routine = routine->next) {
                snapshot_routine(buf, routine);
            }
        }
        for (j = 0; j < space->nroutines; j++) {
            for (routine = space->routines[j]; routine; routine = routine->next) {
                snapshot_routine(buf, routine);
                add_grants(buf, routine->grants);
            }
        }
    }
    for (setting = schema->role_settings; setting; setting = setting->next) {
        app_buf_addf(buf, "%s.%s=%s\n", setting->role, setting->name, setting->value);
    }
    app_buf_addf(buf, "%s\n%s", snapshot_texts(schema->roles, schema->nroles),
                 schema_links(schema, "\n"));
    return buf->data;
}

static rest_packed_t packed_of(const rest_schema_t *schema)
{
    rest_packed_t packed;

    assert_int_equal(rest_image_pack(&packed, schema, &image_key, unit_pool), APR_SUCCESS);
    return packed;
}

static void test_same(void **state)
{
    rest_schema_t *schema = made();
    const char *before = text_of(schema);
    const rest_relation_t *relation;

    (void)state;
    assert_non_null(strstr(before, "columns=-+ filter=id > 1"));
    assert_non_null(strstr(before, "a computed b half"));
    schema = image_reopened(schema);
    snapshot_compare("image", text_of(schema), before);
    CASE_INT("loaded", schema->loaded, 12345);
    CASE_INT("grants_version", schema->grants_version, 7);
    assert_null(schema->foreign_keys);
    relation = rest_schema_relation(schema, "public", "a");
    assert_ptr_equal(relation->keys[0], rest_relation_column(relation, "id"));
    assert_ptr_equal(relation->keys[0], relation->columns[0]);
    assert_ptr_equal(relation->handlers, schema->handlers);
    assert_ptr_equal(relation->columns[1]->type, relation->columns[0]->base);
}

/** An image of an image is the same again. */
static void test_again(void **state)
{
    rest_schema_t *schema = image_reopened(made());
    rest_packed_t first = packed_of(schema), second = packed_of(schema);

    (void)state;
    CASE_INT("length", first.header.length, second.header.length);
    assert_memory_equal(first.body, second.body, first.header.length);
    assert_true(first.header.checksum == second.header.checksum);
}

static void test_empty(void **state)
{
    const apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    apr_pool_t *pool;

    (void)state;
    apr_pool_create(&pool, unit_pool);
    assert_string_equal(text_of(image_reopened(rest_schema_create(APP_DB_PGSQL, spaces, pool))),
                        "\n");
}

/** At its base nothing is written. */
static void test_base(void **state)
{
    rest_schema_t *schema = made(), *opened;
    const char *before = text_of(schema);
    rest_packed_t packed = packed_of(schema), moved = packed;

    (void)state;
    moved.body = image_body(&packed);
    assert_int_equal(rest_image_open(&opened, &packed.header, moved.body), APR_SUCCESS);
    moved.header.base = (apr_uint64_t)(apr_uintptr_t)moved.body;
    rest_image_seal(&moved);
    packed.body = apr_pmemdup(unit_pool, moved.body, packed.header.length);
    assert_int_equal(rest_image_open(&opened, &moved.header, moved.body), APR_SUCCESS);
    assert_memory_equal(packed.body, moved.body, packed.header.length);
    snapshot_compare("at base", text_of(opened), before);
}

/** One byte that is not what it was: anywhere. */
static void test_rotten(void **state)
{
    rest_packed_t packed = packed_of(made());
    apr_uint64_t size = packed.header.body + packed.header.length;
    char *body = image_body(&packed), *header = (char *)&packed.header;
    apr_size_t i;

    (void)state;
    for (i = 0; i < packed.header.length; i += 7) {
        body[i] ^= 4;
        CASE_INT("body", image_check(&packed, body), 0);
        body[i] ^= 4;
    }
    for (i = 0; i < offsetof(rest_image_header_t, superseded); i++) {
        header[i] ^= 4;
        CASE_INT("header", rest_image_check(&packed.header, body, size, &image_key), 0);
        header[i] ^= 4;
    }
    assert_true(image_check(&packed, body));
    packed.header.superseded = 1;
    assert_true(image_check(&packed, body));
}

static void test_cut(void **state)
{
    rest_packed_t packed = packed_of(made());
    apr_uint64_t size = packed.header.body + packed.header.length;
    const rest_image_key_t other = { "another key" };

    (void)state;
    assert_false(rest_image_check(&packed.header, packed.body, size - 1, &image_key));
    assert_false(rest_image_check(&packed.header, packed.body, size + 1, &image_key));
    assert_false(rest_image_check(&packed.header, packed.body, 0, &image_key));
    assert_false(rest_image_check(&packed.header, packed.body, size, &other));
}

/** Every pointer in turn leads elsewhere; the checksum is right. */
static void test_astray(void **state)
{
    static const apr_int64_t steps[] = { 1, -1, 8, 1 << 20, -(1 << 20) };
    rest_packed_t packed = packed_of(made());
    apr_uint64_t first = packed.header.base, end = first + packed.header.length, i, j;
    apr_uint64_t chars = packed.header.sections[REST_SECTION_CHARS].offset;
    apr_uint64_t seen = 0, refused = 0;

    (void)state;
    for (i = 0; i < chars; i += sizeof(apr_uint64_t)) {
        for (j = 0; j < COUNT(steps); j++) {
            rest_packed_t broken = packed;
            rest_schema_t *schema;
            apr_uint64_t pointer;

            broken.body = image_body(&packed);
            memcpy(&pointer, broken.body + i, sizeof(pointer));
            if (pointer < first || pointer >= end) {
                continue;
            }
            pointer += (apr_uint64_t)steps[j];
            memcpy(broken.body + i, &pointer, sizeof(pointer));
            rest_image_seal(&broken);
            assert_true(image_check(&broken, broken.body));
            seen++;
            refused += rest_image_open(&schema, &broken.header, broken.body) != APR_SUCCESS;
        }
    }
    /* A text may begin one letter earlier or later. */
    assert_true(seen > 500 && refused > seen / 2);
}

static void test_sections(void **state)
{
    rest_packed_t packed = packed_of(made()), broken;
    int i;

    (void)state;
    for (i = 0; i < REST_SECTIONS_; i++) {
        broken = packed;
        broken.header.sections[i].count = APR_UINT64_C(1) << 60;
        rest_image_seal(&broken);
        CASE_INT("count", image_check(&broken, broken.body), 0);
        broken = packed;
        broken.header.sections[i].offset += 8;
        rest_image_seal(&broken);
        CASE_INT("offset", image_check(&broken, broken.body), 0);
    }
    broken = packed;
    broken.header.sections[REST_SECTION_CHARS].count--;
    rest_image_seal(&broken);
    CASE_INT("no NUL at the end", image_check(&broken, broken.body), 0);
    broken = packed;
    broken.header.sections[REST_SHAPE_SCHEMA].count = 0;
    rest_image_seal(&broken);
    CASE_INT("no schema", image_check(&broken, broken.body), 0);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_same),   cmocka_unit_test(test_again), cmocka_unit_test(test_empty),
    cmocka_unit_test(test_base),   cmocka_unit_test(test_rotten), cmocka_unit_test(test_cut),
    cmocka_unit_test(test_astray), cmocka_unit_test(test_sections),
};

UNIT_MAIN(tests)
