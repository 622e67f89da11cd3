/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who makes a request that is not the API's: app_core_identify() with a plugin that believes what
 * it is told.
 */
#include "unit.h"

#include "apr_strings.h"

#include "app_core_int.h"

static char log_text[1024];
static const char *told; /* the user that the host was told of */

static void log_line(app_log_level_e level, void *request, const char *line)
{
    (void)level;
    (void)request;
    apr_cpystrn(log_text, line, sizeof(log_text));
}

static apr_status_t share(const char *key, apr_size_t size, void **pbase, apr_pool_t *p,
                          app_error_t *err)
{
    (void)key;
    (void)err;
    *pbase = apr_pcalloc(p, size);
    return APR_SUCCESS;
}

static const app_host_t host = { .name = "test", .log = log_line, .share = share };

/* A request is one header, "Who", and nothing else may be asked of it. */

static const char *get_header(void *data, const char *name)
{
    assert_string_equal(name, "Who");
    return data;
}

static void hear(void *data, const app_identity_t *identity)
{
    (void)data;
    told = identity->user;
}

static const app_exchange_ops_t ops = { .header = get_header, .identified = hear };

static apr_status_t believe(app_instance_t *self, app_request_t *r, app_response_t *res,
                            app_error_t *err)
{
    const char *who = app_request_header(r, "Who");
    const app_identity_t identity = { .user = who, .role = "user", .method = "word" };

    (void)self;
    app_response_header(res, "X-Seen", "yes");
    if (!who) {
        return APP_NEXT;
    }
    if (strcmp(who, "answer") == 0) {
        app_response_write(res, "answered", 8);
        return APP_DONE;
    }
    if (strcmp(who, "liar") == 0) {
        app_fail(err, APP_E_JWT, "a lie");
        err->challenge = "Bearer error=\"invalid_token\"";
        err->retry_after = 7;
        return APP_EFAIL;
    }
    app_request_identify(r, &identity);
    return APP_NEXT;
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    (void)err;
    app_filter_add(self, APP_PLACE_IDENTITY, believe);
    return APR_SUCCESS;
}

static const app_plugin_t plugin = { .magic = APP_PLUGIN_MAGIC,
                                     .size = sizeof(app_plugin_t),
                                     .abi_major = APP_PLUGIN_ABI_MAJOR,
                                     .signature = APP_PLUGIN_SIGNATURE,
                                     .name = "believer",
                                     .version = "1",
                                     .summary = "believes",
                                     .configure = configure };

static app_core_t *core;

static app_site_t *start(int with_plugin)
{
    app_error_t err = { .pool = unit_pool };
    app_site_conf_t *conf;
    app_values_t *values;
    app_site_t *site;

    core = app_core_create(&host, unit_pool);
    APR_ARRAY_PUSH(core->plugins, const app_plugin_t *) = &plugin;
    conf = app_conf_create(core, APP_IN_SERVER, unit_pool);
    if (with_plugin) {
        assert_int_equal(app_conf_plugin(conf, "believer", &values, &err), APR_SUCCESS);
    }
    assert_int_equal(app_site_make(core, "main", conf, &site, &err), APR_SUCCESS);
    assert_int_equal(app_core_share(core, &err), APR_SUCCESS);
    assert_int_equal(app_core_start(core, unit_pool, &err), APR_SUCCESS);
    log_text[0] = '\0';
    told = NULL;
    return site;
}

static apr_status_t ask(app_identified_t *found, app_site_t *site, const char *who, app_error_t *err)
{
    const app_exchange_t exchange = { .pool = unit_pool,
                                      .ops = &ops,
                                      .data = (void *)who,
                                      .method = "GET",
                                      .mount = "",
                                      .path = "/file",
                                      .peer = "127.0.0.1" };

    err->pool = unit_pool;
    return app_core_identify(found, site, &exchange, err);
}

static void test_who(void **state)
{
    static const struct {
        const char *who;
        const char *user;
        int         status; /* 0: not refused */
        const char *challenge, *retry;
    } cases[] = {
        { "ada", "ada", 0, NULL, NULL },
        { NULL, NULL, 0, NULL, NULL },
        { "liar", NULL, 401, "Bearer error=\"invalid_token\"", "7" },
        { "answer", NULL, 401, NULL, NULL },
    };
    app_site_t *site = start(1);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *name = cases[i].who ? cases[i].who : "nobody";
        app_identified_t found;
        app_error_t err;
        apr_status_t rv = ask(&found, site, cases[i].who, &err);

        CASE_INT(name, rv, cases[i].status ? APP_EFAIL : APR_SUCCESS);
        CASE_STRING(name, found.identity.user, cases[i].user);
        CASE_STRING(name, found.identity.method, cases[i].user ? "word" : NULL);
        CASE_STRING(name, apr_table_get(found.headers, "X-Seen"), "yes");
        CASE_STRING(name, apr_table_get(found.headers, "WWW-Authenticate"), cases[i].challenge);
        CASE_STRING(name, apr_table_get(found.headers, "Retry-After"), cases[i].retry);
        CASE_INT(name, found.body != NULL, cases[i].status != 0);
        CASE_INT(name, cases[i].status ? err.status : 0, cases[i].status);
    }
}

static void test_the_host_is_told(void **state)
{
    app_identified_t found;
    app_error_t err;

    (void)state;
    ask(&found, start(1), "ada", &err);
    assert_string_equal(told, "ada");
}

static void test_refusals_are_logged(void **state)
{
    app_identified_t found;
    app_error_t err;

    (void)state;
    ask(&found, start(1), "liar", &err);
    assert_non_null(strstr(log_text, "401 GET /file: PGRST301 a lie"));
    assert_non_null(strstr(found.body, "\"a lie\""));
}

static void test_nobody_can_tell(void **state)
{
    app_identified_t found;
    app_error_t err;

    (void)state;
    assert_int_equal(ask(&found, start(0), "ada", &err), APP_EFAIL);
    assert_int_equal(err.status, 500);
    assert_non_null(strstr(log_text, "No plugin of this site tells who is asking"));
}

static void test_a_stopped_core(void **state)
{
    app_site_t *site = start(1);
    app_identified_t found;
    app_error_t err;

    (void)state;
    app_core_stop(core);
    assert_int_equal(ask(&found, site, "ada", &err), APP_EFAIL);
    assert_int_equal(err.status, 503);
    assert_string_equal(apr_table_get(found.headers, "Retry-After"), "1");
    assert_null(found.identity.method);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_who),
    cmocka_unit_test(test_the_host_is_told),
    cmocka_unit_test(test_refusals_are_logged),
    cmocka_unit_test(test_nobody_can_tell),
    cmocka_unit_test(test_a_stopped_core),
};

UNIT_MAIN(tests)
