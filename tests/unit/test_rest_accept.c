/* SPDX-License-Identifier: Apache-2.0 */
/** Accept: the types in their order, what is chosen of them, and the Content-Type of the answer. */
#include "unit.h"

#include "apr_strings.h"

#include "app_core.h"
#include "rest_accept.h"

#define OBJECT   "application/vnd.pgrst.object"
#define ARRAY    "application/vnd.pgrst.array"
#define PLAN     "application/vnd.pgrst.plan"
#define STRIPPED ";nulls=stripped"
#define UTF8     "; charset=utf-8"

/** One type and the Content-Type that answers it. */
static void test_types(void **state)
{
    static const struct { const char *accept; rest_media_e media; const char *type; } cases[] = {
        { NULL, REST_MEDIA_ANY, "application/json" UTF8 },
        { "", REST_MEDIA_ANY, "application/json" UTF8 },
        { " , ,", REST_MEDIA_ANY, "application/json" UTF8 },
        { "*/*", REST_MEDIA_ANY, "application/json" UTF8 },
        { " */* ", REST_MEDIA_ANY, "application/json" UTF8 },
        { "Application/JSON;charset=utf-8", REST_MEDIA_JSON, "application/json" UTF8 },
        { "application/json" STRIPPED, REST_MEDIA_JSON, "application/json" UTF8 },
        { ARRAY, REST_MEDIA_JSON, "application/json" UTF8 },
        { ARRAY "+json", REST_MEDIA_JSON, "application/json" UTF8 },
        { ARRAY STRIPPED, REST_MEDIA_JSON, ARRAY "+json" STRIPPED UTF8 },
        { ARRAY "+json; Nulls=stripped", REST_MEDIA_JSON, ARRAY "+json" STRIPPED UTF8 },
        { ARRAY "+json;nulls=kept", REST_MEDIA_JSON, "application/json" UTF8 },
        { OBJECT, REST_MEDIA_OBJECT, OBJECT "+json" UTF8 },
        { OBJECT "+json", REST_MEDIA_OBJECT, OBJECT "+json" UTF8 },
        { OBJECT "+JSON;x=1" STRIPPED, REST_MEDIA_OBJECT, OBJECT "+json" STRIPPED UTF8 },
        { OBJECT ";nulls=\"stripped\"", REST_MEDIA_OBJECT, OBJECT "+json" STRIPPED UTF8 },
        { OBJECT ";nulls", REST_MEDIA_OBJECT, OBJECT "+json" UTF8 },
        { OBJECT ";nulls=stripped2", REST_MEDIA_OBJECT, OBJECT "+json" UTF8 },
        { "text/csv", REST_MEDIA_CSV, "text/csv" UTF8 },
        { "TEXT/CSV; header=present", REST_MEDIA_CSV, "text/csv" UTF8 },
        { "application/geo+json", REST_MEDIA_GEOJSON, "application/geo+json" UTF8 },
        { "application/openapi+json", REST_MEDIA_OPENAPI, "application/openapi+json" UTF8 },
        { "text/plain", REST_MEDIA_OTHER, "text/plain" UTF8 },
        { "Text/XML", REST_MEDIA_OTHER, "text/xml" UTF8 },
        { "text/html", REST_MEDIA_OTHER, "text/html" },
        { "application/octet-stream", REST_MEDIA_OTHER, "application/octet-stream" },
        { "Image/PNG;x=1", REST_MEDIA_OTHER, "image/png" },
        { "text/*", REST_MEDIA_OTHER, "text/*" },
        { "application/vnd.pgrst.other", REST_MEDIA_OTHER, "application/vnd.pgrst.other" },
        { "broken", REST_MEDIA_OTHER, "broken" },
        { ";q=1", REST_MEDIA_OTHER, "" },
        { PLAN, REST_MEDIA_PLAN, PLAN "+text; for=\"application/json\"" UTF8 },
        { PLAN "+text", REST_MEDIA_PLAN, PLAN "+text; for=\"application/json\"" UTF8 },
        { PLAN "+json", REST_MEDIA_PLAN, PLAN "+json; for=\"application/json\"" UTF8 },
        { PLAN "+xml", REST_MEDIA_OTHER, PLAN "+xml" },
        { PLAN "+json; for=\"text/csv\"", REST_MEDIA_PLAN, PLAN "+json; for=\"text/csv\"" UTF8 },
        { PLAN ";for=text/csv", REST_MEDIA_PLAN, PLAN "+text; for=\"text/csv\"" UTF8 },
        { PLAN "; FOR=\"" OBJECT STRIPPED "\"", REST_MEDIA_PLAN,
          PLAN "+text; for=\"" OBJECT "+json" STRIPPED "\"" UTF8 },
        { PLAN ";for=\"*/*\"", REST_MEDIA_PLAN, PLAN "+text; for=\"*/*\"" UTF8 },
        { PLAN "+text; for=\"application/json\"; options=analyze|verbose;", REST_MEDIA_PLAN,
          PLAN "+text; for=\"application/json\"; options=analyze|verbose" UTF8 },
        { PLAN ";options=wal|buffers|x|settings|verbose|analyze", REST_MEDIA_PLAN,
          PLAN "+text; for=\"application/json\"; options=analyze|verbose|settings|buffers|wal"
          UTF8 },
        { PLAN ";options=\"wal\"", REST_MEDIA_PLAN,
          PLAN "+text; for=\"application/json\"; options=wal" UTF8 },
        { PLAN ";options=Wal|analyzed|", REST_MEDIA_PLAN,
          PLAN "+text; for=\"application/json\"" UTF8 },
        { PLAN ";for=\"unclosed;options=wal", REST_MEDIA_PLAN,
          PLAN "+text; for=\"\"unclosed\"" UTF8 },
        { PLAN ";for=" PLAN, REST_MEDIA_PLAN, PLAN "+text; for=\"" PLAN "\"" UTF8 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const rest_accepted_t *type = rest_accept_parse(cases[i].accept, unit_pool);

        CASE_INT(cases[i].accept, type->media, cases[i].media);
        CASE_STRING(cases[i].accept, rest_media_type(type, unit_pool), cases[i].type);
        CASE_INT(cases[i].accept, type->next == NULL, 1);
    }
}

static void test_order(void **state)
{
    static const struct { const char *accept, *types; } cases[] = {
        { "a/a, b/b,c/c", "a/a b/b c/c" },
        { "a/a;q=0.5, b/b;q=0.9, c/c", "c/c b/b a/a" },
        { "a/a;q=0, b/b;q=0.001", "b/b a/a" },
        { "text/html,application/xhtml+xml,*/*;q=0.8", "text/html application/xhtml+xml */*" },
        { "*/*, a/*, a/b, a/b;x=1", "a/b;x=1 a/b a/* */*" },
        { "a/a;q=x, b/b;q=2, c/c;q=0.9999", "a/a b/b c/c" },
        { "a/a;q=0.5;x=1, b/b;x=1;q=0.4", "a/a b/b;x=1" },
        { "a/a;Q=0.1, b/b;q=0.2", "b/b a/a" },
        { "A/B ; X = 1", "A/B;X=1" },
        { "a/a;x=\";q=0.1\", b/b;q=0.5", "a/a;x=\";q=0.1\" b/b" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const rest_accepted_t *type = rest_accept_parse(cases[i].accept, unit_pool);
        const char *types = type->text;

        while ((type = type->next)) {
            types = apr_pstrcat(unit_pool, types, " ", type->text, NULL);
        }
        CASE_STRING(cases[i].accept, types, cases[i].types);
    }
}

static apr_status_t available(void *ctx, const rest_accepted_t *type, app_error_t *err)
{
    (void)ctx;
    if (type->media == REST_MEDIA_GEOJSON) {
        return app_fail(err, APP_E_NOT_IMPLEMENTED, NULL);
    }
    return type->media == REST_MEDIA_OTHER ? APR_NOTFOUND : APR_SUCCESS;
}

static void test_choose(void **state)
{
    static const struct { const char *accept, *chosen; } cases[] = {
        { "text/csv;q=0.5, application/json;q=0.4", "text/csv" },
        { "image/png, */*;q=0.1", "*/*" },
        { "image/png", "None of these media types are available: image/png" },
        { "text/HTML;q=0.5;x=1, Image/*; y=2",
          "None of these media types are available: Image/*;y=2, text/HTML" },
        { "image/png, application/geo+json, text/csv;q=0.9", "Feature not implemented" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_accepted_t *type;
        apr_status_t status =
            rest_accept_choose(&type, rest_accept_parse(cases[i].accept, unit_pool), available,
                               NULL, &err);

        CASE_STRING(cases[i].accept, status == APR_SUCCESS ? type->text : err.message,
                    cases[i].chosen);
    }
}

/** What stands behind the 64th type is not looked at. */
static void test_bounds(void **state)
{
    const rest_accepted_t *type;
    const char *accept = "";
    int i, count = 0;

    (void)state;
    for (i = 0; i < 100; i++) {
        accept = apr_pstrcat(unit_pool, accept, "a/a,", NULL);
    }
    for (type = rest_accept_parse(accept, unit_pool); type; type = type->next) {
        count++;
    }
    assert_int_equal(count, 64);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_types),
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_choose),
    cmocka_unit_test(test_bounds),
};

UNIT_MAIN(tests)
