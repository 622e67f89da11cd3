/* SPDX-License-Identifier: Apache-2.0 */
/** The core from settings to answer, with a host that is a table of small functions and a plugin that is in this file. */
#include "unit.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "app_core_int.h"

/* A host that remembers */

static char log_text[4096];

static void log_line(app_log_level_e level, void *request, const char *line)
{
    (void)level;
    (void)request;
    apr_cpystrn(log_text + strlen(log_text), line, sizeof(log_text) - strlen(log_text));
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

typedef struct answer_t {
    apr_table_t *asked; /* headers of the request */
    const char  *body_in;
    apr_size_t   body_in_len;
    int          announced; /* whether the length of body_in is */
    int          status, writes, aborted, fail_writes;
    apr_interval_time_t pause; /* before each piece of the body is taken */
    app_figures_t figures;
    apr_int64_t  content_length;
    const char  *type;
    apr_table_t *headers;
    app_buf_t    body;
} answer_t;

static const char *get_header(void *data, const char *name)
{
    return apr_table_get(((answer_t *)data)->asked, name);
}

static void each_header(void *data, int (*each)(void *ctx, const char *name, const char *value),
                        void *ctx)
{
    apr_table_do(each, ctx, ((answer_t *)data)->asked, NULL);
}

static apr_int64_t body_length(void *data)
{
    answer_t *answer = data;

    return answer->announced ? (apr_int64_t)answer->body_in_len : -1;
}

static apr_status_t read_body(void *data, char *buf, apr_size_t *plen)
{
    answer_t *answer = data;

    if (!answer->body_in_len) {
        *plen = 0;
        return APR_EOF;
    }
    *plen = *plen < answer->body_in_len ? *plen : answer->body_in_len;
    memcpy(buf, answer->body_in, *plen);
    answer->body_in += *plen;
    answer->body_in_len -= *plen;
    return APR_SUCCESS;
}

static void take_head(void *data, const app_head_t *head)
{
    answer_t *answer = data;

    answer->status = head->status;
    answer->type = head->content_type;
    answer->content_length = head->content_length;
    answer->headers = apr_table_copy(unit_pool, head->headers); /* a host logs them later */
}

static apr_status_t take_body(void *data, const char *bytes, apr_size_t len, int last)
{
    answer_t *answer = data;

    (void)last;
    answer->writes++;
    apr_sleep(answer->pause);
    app_buf_add(&answer->body, bytes, len);
    return answer->fail_writes ? APR_ECONNABORTED : APR_SUCCESS;
}

static apr_status_t flush_body(void *data)
{
    (void)data;
    return APR_SUCCESS;
}

static void abort_body(void *data)
{
    ((answer_t *)data)->aborted = 1;
}

static void take_figures(void *data, const app_figures_t *figures)
{
    ((answer_t *)data)->figures = *figures;
}

static const app_exchange_ops_t ops = { .header = get_header,
                                        .headers = each_header,
                                        .read = read_body,
                                        .body_length = body_length,
                                        .head = take_head,
                                        .write = take_body,
                                        .flush = flush_body,
                                        .abort = abort_body,
                                        .finished = take_figures };

/* A plugin */

typedef struct conf_t {
    const char *word;
} conf_t;

static const app_setting_t settings[] = {
    APP_SET_STRING("Word", conf_t, word, "plain", APP_SET_LOCATION, "a word"), APP_SET_END
};

static apr_status_t say(app_instance_t *self, app_request_t *r, app_response_t *res,
                        app_error_t *err)
{
    const conf_t *conf = app_request_settings(r, self);

    (void)err;
    app_response_type(res, "text/plain");
    return app_response_write(res, conf->word, strlen(conf->word));
}

static apr_status_t say_path(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    (void)self;
    (void)err;
    return app_response_write(res, app_request_path(r), strlen(app_request_path(r)));
}

static apr_status_t say_tagged(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    static const app_source_t source = { .lasting = 1 };

    app_response_source(res, &source);
    app_response_etag(res, "\"v1\"");
    return say(self, r, res, err);
}

static apr_status_t say_much(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    char block[1000];
    int i;

    (void)self;
    (void)r;
    memset(block, 'x', sizeof(block));
    for (i = 0; i < 200; i++) {
        if (app_response_write(res, block, sizeof(block)) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (app_request_query(r)) {
        return app_fail(err, APP_E_DB_LOST, NULL);
    }
    return APR_SUCCESS;
}

static apr_status_t echo(app_instance_t *self, app_request_t *r, app_response_t *res,
                         app_error_t *err)
{
    const char *body;
    apr_size_t len;

    (void)self;
    if (app_request_body(r, 0, &body, &len, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_response_write(res, body, len);
}

static apr_status_t say_time(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    const char *text = apr_psprintf(unit_pool, "%d", (int)apr_time_as_msec(
                                                         app_request_statement_time(r)));

    (void)self;
    (void)err;
    return app_response_write(res, text, strlen(text));
}

static apr_status_t break_down(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    (void)self;
    (void)r;
    app_response_header(res, "X-Half", "done");
    app_response_write(res, "half", 4);
    app_fail_code(err, "22P02", 400, "no number: \"%s\"", "x");
    return app_log_only(err, "SELECT secret");
}

static apr_status_t fail_silently(app_instance_t *self, app_request_t *r, app_response_t *res,
                                  app_error_t *err)
{
    (void)self;
    (void)r;
    (void)res;
    (void)err;
    return APP_EFAIL;
}

/* A tap writes down what it sees: "<pieces>|type|names of headers|source|whole". */

static char tapped[400];

static void note(const char *format, ...) APP_PRINTF(1, 2);
static void note(const char *format, ...)
{
    apr_size_t len = strlen(tapped);
    va_list args;

    va_start(args, format);
    apr_vsnprintf(tapped + len, sizeof(tapped) - len, format, args);
    va_end(args);
}

static void tap_body(app_tap_t *tap, const char *data, apr_size_t len)
{
    (void)tap;
    note("%c%d ", *data, (int)len);
}

static int tap_header(void *ctx, const char *name, const char *value)
{
    (void)ctx;
    (void)value;
    note("%s ", name);
    return 1;
}

static void tap_end(app_tap_t *tap, const app_answer_t *answer)
{
    (void)tap;
    note("|%s|", answer->type ? answer->type : "");
    apr_table_do(tap_header, NULL, answer->headers, NULL);
    note("|%d|%d %d", answer->source ? answer->source->lasting : -1, answer->whole,
         answer->status);
}

static app_tap_t tap = { .body = tap_body, .end = tap_end };

static apr_status_t admit(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    const char *query = app_request_query(r);

    (void)self;
    app_response_header(res, "X-Admitted", "by filter");
    if (query && strcmp(query, "stop") == 0) {
        app_response_write(res, "stopped", 7);
        return APP_DONE;
    }
    if (query && strcmp(query, "tap") == 0) {
        tapped[0] = '\0';
        app_response_tap(res, &tap);
    }
    if (query && strcmp(query, "refuse") == 0) {
        return app_fail(err, APP_E_FORBIDDEN, NULL);
    }
    return APP_NEXT;
}

static int told;

static apr_status_t listen_after(app_instance_t *self, app_request_t *r, app_response_t *res,
                                 app_error_t *err)
{
    (void)self;
    (void)r;
    (void)err;
    told = app_response_status_get(res);
    return APP_EFAIL;
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const conf_t *conf = app_instance_settings(self);

    app_filter_add(self, APP_PLACE_ADMIT, admit);
    app_filter_add(self, APP_PLACE_AFTER, listen_after);
    return strcmp(conf->word, "bad") == 0 ? app_fail(err, APP_E_SETTING, "a bad word") : APR_SUCCESS;
}

static int unhealthy;

static int health(app_instance_t *self, app_request_t *r, json_t *part)
{
    (void)self;
    (void)r;
    json_object_set_new(part, "figure", json_integer(42));
    return !unhealthy;
}

static const app_route_t routes[] = {
    { "GET POST", "/say", say },
    { "DELETE PUT", "/say/tagged", say_path },
    { "GET", "/say/tagged", say_tagged },
    { NULL, "/say/", say_path },
    { "GET", "/much", say_much },
    { "POST", "/echo", echo },
    { "GET", "/time", say_time },
    { "GET", "/fail", break_down },
    { "GET", "/silent", fail_silently },
    { NULL, NULL, NULL },
};

static const app_plugin_t plugin = { .magic = APP_PLUGIN_MAGIC,
                                     .size = sizeof(app_plugin_t),
                                     .abi_major = APP_PLUGIN_ABI_MAJOR,
                                     .signature = APP_PLUGIN_SIGNATURE,
                                     .name = "talk",
                                     .version = "1",
                                     .summary = "talks",
                                     .settings = settings,
                                     .settings_size = sizeof(conf_t),
                                     .routes = routes,
                                     .configure = configure,
                                     .health = health };

/* Asking */

static app_core_t *core;
static app_site_t *site;

static app_site_conf_t *make_conf(app_where_e where, const char *word)
{
    app_site_conf_t *conf = app_conf_create(core, where, unit_pool);
    app_error_t err = { .pool = unit_pool };
    app_values_t *values;

    assert_int_equal(app_conf_plugin(conf, "talk", &values, &err), APR_SUCCESS);
    if (word) {
        assert_int_equal(app_conf_plugin_set(conf, values, "Word", word, &err), APR_SUCCESS);
    }
    return conf;
}

static void start(void)
{
    app_error_t err = { .pool = unit_pool };
    app_site_conf_t *conf;

    core = app_core_create(&host, unit_pool);
    APR_ARRAY_PUSH(core->plugins, const app_plugin_t *) = &plugin;
    conf = make_conf(APP_IN_SERVER, NULL);
    assert_int_equal(app_conf_set(conf, "MaxBody", "10", &err), APR_SUCCESS);
    assert_int_equal(app_conf_set(conf, "DetailsFor", "127.0.0.0/8", &err), APR_SUCCESS);
    assert_int_equal(app_site_make(core, "main", conf, &site, &err), APR_SUCCESS);
    assert_int_equal(app_core_share(core, &err), APR_SUCCESS);
    assert_int_equal(app_core_start(core, unit_pool, &err), APR_SUCCESS);
    log_text[0] = '\0';
    told = unhealthy = 0;
}

static void ask_as(answer_t *answer, app_entry_e entry, const char *method, const char *target,
                   app_site_conf_t *location, const char *peer)
{
    char *path = apr_pstrdup(unit_pool, target), *query = strchr(path, '?');
    app_exchange_t exchange = { .pool = unit_pool,
                                .ops = &ops,
                                .data = answer,
                                .method = method,
                                .mount = "/x",
                                .peer = peer,
                                .location = location };

    if (query) {
        *query++ = '\0';
    }
    exchange.path = path;
    exchange.query = query;
    if (!answer->asked) {
        answer->asked = apr_table_make(unit_pool, 2);
    }
    app_buf_init(&answer->body, unit_pool, 1024 * 1024);
    app_core_handle(site, entry, &exchange);
}

static void ask(answer_t *answer, const char *method, const char *target)
{
    ask_as(answer, APP_ENTRY_API, method, target, NULL, "127.0.0.1");
}

/* Tests */

static void test_routes(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
        const char *body; /* NULL: an error */
        const char *allow;
    } cases[] = {
        { "GET", "/say", 200, "plain", NULL },
        { "POST", "/say", 200, "plain", NULL },
        { "HEAD", "/say", 200, "", NULL },
        { "DELETE", "/say", 405, NULL, "GET,POST,HEAD" },
        { "POS", "/say", 405, NULL, "GET,POST,HEAD" },
        { "GET", "/say/it", 200, "/say/it", NULL },
        { "BREW", "/say/it", 200, "/say/it", NULL },
        { "GET", "/say/tagged", 200, "plain", NULL },
        { "PUT", "/say/tagged", 200, "/say/tagged", NULL },
        { "POST", "/say/tagged", 405, NULL, "DELETE,PUT,GET,HEAD" },
        { "GET", "/sa", 404, NULL, NULL },
        { "GET", "/", 404, NULL, NULL },
        { "GET", "/say?stop", 200, "stopped", NULL },
        { "GET", "/say?refuse", 403, NULL, NULL },
        { "GET", "/silent", 500, NULL, NULL },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        const char *name = apr_pstrcat(unit_pool, cases[i].method, " ", cases[i].target, NULL);
        answer_t answer = { .announced = 1 };

        ask(&answer, cases[i].method, cases[i].target);
        CASE_INT(name, answer.status, cases[i].status);
        CASE_INT(name, told, cases[i].status);
        if (cases[i].body) {
            CASE_STRING(name, answer.body.data, cases[i].body);
        }
        CASE_STRING(name, apr_table_get(answer.headers, "Allow"), cases[i].allow);
    }
}

static void test_figures_of_routes(void **state)
{
    static const struct {
        const char *method, *target, *route;
        int status, bytes_in, bytes_out; /* bytes_out -1: an error's */
    } cases[] = {
        { "GET", "/say", "/say", 200, 0, 5 },
        { "HEAD", "/say", "/say", 200, 0, 0 },
        { "GET", "/say/it", "/say/*", 200, 0, 7 },
        { "POST", "/echo", "/echo", 200, 3, 3 },
        { "POST", "/say", "/say", 200, 0, 5 }, /* its body was not read */
        { "GET", "/much", "/much", 200, 0, 200000 },
        { "DELETE", "/say", "/say", 405, 0, -1 },
        { "GET", "/say?refuse", "/say", 403, 0, -1 },
        { "GET", "/say/it?stop", "/say/*", 200, 0, 7 },
        { "GET", "/<script>", "none", 404, 0, -1 },
        { "GET", "/health", "/health", 200, 0, -1 },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        const char *name = apr_pstrcat(unit_pool, cases[i].method, " ", cases[i].target, NULL);
        answer_t answer = { .announced = 1, .body_in = "abc", .body_in_len = 3 };

        ask(&answer, cases[i].method, cases[i].target);
        CASE_STRING(name, answer.figures.route, cases[i].route);
        CASE_INT(name, answer.figures.status, cases[i].status);
        CASE_INT(name, answer.figures.bytes_in, cases[i].bytes_in);
        CASE_INT(name, answer.figures.bytes_out,
                 cases[i].bytes_out < 0 ? (int)answer.body.len : cases[i].bytes_out);
        CASE_INT(name, answer.figures.rows, -1);
    }
}

static void test_figures_of_time(void **state)
{
    answer_t answer = { .announced = 1, .pause = 2000 };
    const app_figures_t *figures = &answer.figures;
    int i;

    (void)state;
    start();
    ask(&answer, "GET", "/much");
    assert_true(answer.writes > 2);
    assert_int_equal(figures->nspans, answer.writes);
    for (i = 0; i < figures->nspans; i++) {
        assert_int_equal(figures->spans[i].phase, APP_PHASE_SEND);
        assert_true(figures->spans[i].duration >= 2000);
        assert_true(figures->spans[i].begun >= figures->begun);
    }
    assert_true(figures->spent[APP_PHASE_SEND] >= answer.writes * 2000);
    assert_true(figures->duration >= figures->spent[APP_PHASE_SEND]);
    assert_int_equal(figures->spent[APP_PHASE_DATABASE], 0);
    assert_int_equal(figures->spent[APP_PHASE_WAIT], 0);
}

static void test_an_error_replaces_the_answer(void **state)
{
    answer_t answer = { .announced = 1 };

    (void)state;
    start();
    ask(&answer, "GET", "/fail");
    assert_int_equal(answer.status, 400);
    assert_string_equal(answer.body.data, "{\"code\":\"22P02\",\"details\":null,\"hint\":null,"
                                          "\"message\":\"no number: \\\"x\\\"\"}");
    assert_int_equal(answer.content_length, answer.body.len);
    assert_string_equal(answer.type, "application/json; charset=utf-8");
    assert_null(apr_table_get(answer.headers, "X-Half"));
    assert_string_equal(apr_table_get(answer.headers, "X-Admitted"), "by filter");
    assert_string_equal(apr_table_get(answer.headers, "Proxy-Status"), "PostgREST; error=22P02");
    assert_non_null(strstr(log_text, "SELECT secret"));
    assert_non_null(strstr(log_text, apr_table_get(answer.headers, "X-Request-Id")));
}

static void test_not_modified(void **state)
{
    static const struct {
        const char *method, *if_none_match;
        int status;
    } cases[] = {
        { "GET", "\"v1\"", 304 },      { "HEAD", "\"v1\"", 304 }, { "GET", "\"v1-gzip\"", 304 },
        { "GET", "\"v0\", \"v1\"", 304 }, { "GET", "*", 304 },    { "GET", "\"v2\"", 200 },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        answer_t answer = { .announced = 1, .asked = apr_table_make(unit_pool, 1) };

        apr_table_set(answer.asked, "If-None-Match", cases[i].if_none_match);
        ask(&answer, cases[i].method, "/say/tagged");
        CASE_INT(cases[i].if_none_match, answer.status, cases[i].status);
        if (answer.status == 304) {
            CASE_STRING(cases[i].if_none_match, answer.body.data, "");
            assert_string_equal(apr_table_get(answer.headers, "ETag"), "\"v1\"");
        }
    }
}

static void test_long_answers_stream(void **state)
{
    answer_t answer = { .announced = 1 }, broken = { .announced = 1 }, gone = { .announced = 1 };

    (void)state;
    start();
    ask(&answer, "GET", "/much");
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.content_length, -1);
    assert_int_equal(answer.body.len, 200000);
    assert_true(answer.writes > 2);
    assert_false(answer.aborted);

    ask(&broken, "GET", "/much?fail");
    assert_true(broken.aborted);
    assert_non_null(strstr(log_text, "APP0005"));

    log_text[0] = '\0';
    gone.fail_writes = 1;
    ask(&gone, "GET", "/much");
    assert_int_equal(gone.writes, 1);
    assert_null(strstr(log_text, "APP0005"));
}

static void test_bodies(void **state)
{
    static const struct {
        const char *body;
        int announced, status;
    } cases[] = {
        { "", 1, 200 },           { "0123456789", 1, 200 }, { "0123456789", 0, 200 },
        { "0123456789a", 1, 413 }, { "0123456789a", 0, 413 },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        answer_t answer = { .announced = cases[i].announced,
                            .body_in = cases[i].body,
                            .body_in_len = strlen(cases[i].body) };

        ask(&answer, "POST", "/echo");
        CASE_INT(cases[i].body, answer.status, cases[i].status);
        if (cases[i].status == 200) {
            CASE_STRING(cases[i].body, answer.body.data, cases[i].body);
        }
    }
}

static void test_location_settings(void **state)
{
    app_error_t err = { .pool = unit_pool };
    answer_t answer = { .announced = 1 }, minimal = { .announced = 1 };
    app_site_conf_t *location;

    (void)state;
    start();
    location = make_conf(APP_IN_LOCATION, "elsewhere");
    assert_int_equal(app_conf_set(location, "ErrorVerbosity", "minimal", &err), APR_SUCCESS);
    assert_int_equal(app_conf_set(location, "Database", "sqlite:/x", &err), APP_EFAIL);
    ask_as(&answer, APP_ENTRY_API, "GET", "/say", location, "127.0.0.1");
    assert_string_equal(answer.body.data, "elsewhere");
    ask_as(&minimal, APP_ENTRY_API, "GET", "/fail", location, "127.0.0.1");
    assert_string_equal(minimal.body.data,
                        "{\"code\":\"22P02\",\"message\":\"no number: \\\"x\\\"\"}");
}

static void test_time_of_a_statement(void **state)
{
    static const struct {
        const char *statement, *request;
        int least, most;
    } cases[] = {
        { "30s", "60s", 30000, 30000 },
        { "20ms", "60s", 20, 20 },
        { "30s", "5s", 1, 5000 },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        app_site_conf_t *location = app_conf_create(core, APP_IN_LOCATION, unit_pool);
        app_error_t err = { .pool = unit_pool };
        answer_t answer = { .announced = 1 };
        apr_int64_t milliseconds = -1;

        app_conf_set(location, "StatementTimeout", cases[i].statement, &err);
        app_conf_set(location, "RequestTimeout", cases[i].request, &err);
        ask_as(&answer, APP_ENTRY_API, "GET", "/time", location, "127.0.0.1");
        app_int64_parse(answer.body.data, answer.body.len, &milliseconds);
        assert_in_range(milliseconds, cases[i].least, cases[i].most);
    }
}

static void test_a_tap_sees_the_answer(void **state)
{
    static const struct {
        const char *target, *seen;
    } cases[] = {
        { "/say?tap", "p5 |text/plain||-1|1 200" },
        { "/say/tagged?tap", "p5 |text/plain|ETag |1|1 200" },
    };
    answer_t answer = { .announced = 1 };
    apr_size_t i;

    (void)state;
    start();
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ask(&answer, "GET", cases[i].target);
        assert_string_equal(tapped, cases[i].seen);
    }
    ask(&answer, "GET", "/fail?tap");
    assert_ptr_equal(strstr(tapped, "h4 {"), tapped);
    assert_non_null(strstr(tapped, "|application/json; charset=utf-8|Proxy-Status |-1|0 400"));
}

static apr_uint64_t digest_with(const char *site_word, const char *location_word)
{
    app_error_t err = { .pool = unit_pool };
    app_exchange_t exchange = { .pool = unit_pool, .method = "GET", .id = "1" };
    app_request_t r;
    app_site_t *with;

    assert_int_equal(app_site_make(core, "other", make_conf(APP_IN_SERVER, site_word), &with,
                                   &err),
                     APR_SUCCESS);
    exchange.location = location_word ? make_conf(APP_IN_LOCATION, location_word) : NULL;
    app_request_make(&r, with, APP_ENTRY_API, &exchange);
    return app_request_settings_digest(&r);
}

static void test_settings_have_a_digest(void **state)
{
    (void)state;
    start();
    assert_true(digest_with("a", NULL) == digest_with("a", NULL));
    assert_true(digest_with("a", NULL) != digest_with("b", NULL));
    assert_true(digest_with("a", "b") == digest_with("a", "b"));
    assert_true(digest_with("a", "b") != digest_with("a", "c"));
    assert_true(digest_with("a", "b") != digest_with("b", "b"));
}

static void test_health(void **state)
{
    static const struct {
        app_entry_e entry;
        const char *method, *path, *peer;
        int unhealthy, status;
        const char *part;
    } cases[] = {
        { APP_ENTRY_HEALTH, "GET", "/", "127.0.0.1", 0, 200,
          "\"checks\":{\"talk\":{\"figure\":42,\"status\":\"healthy\"}}" },
        { APP_ENTRY_HEALTH, "GET", "/", "192.0.2.1", 0, 200,
          "\"checks\":{\"talk\":{\"status\":\"healthy\"}}" },
        { APP_ENTRY_HEALTH, "GET", "/", "127.0.0.1", 1, 503, "{\"status\":\"unhealthy\"" },
        { APP_ENTRY_HEALTH, "GET", "/live", "192.0.2.1", 1, 200, "{\"status\":\"alive\"}" },
        { APP_ENTRY_HEALTH, "GET", "/other", "127.0.0.1", 0, 404, "APPE004" },
        { APP_ENTRY_HEALTH, "POST", "/", "127.0.0.1", 0, 405, "APPE005" },
        { APP_ENTRY_API, "GET", "/health", "127.0.0.1", 0, 200, "\"status\":\"healthy\"" },
        { APP_ENTRY_STATUS, "GET", "/", "127.0.0.1", 0, 200, "\"plugins\":[{\"name\":\"talk\"" },
        { APP_ENTRY_STATUS, "GET", "/", "192.0.2.1", 0, 200, "\"name\":\"mod_app\"" },
    };
    size_t i;

    (void)state;
    start();
    for (i = 0; i < COUNT(cases); i++) {
        answer_t answer = { .announced = 1 };

        unhealthy = cases[i].unhealthy;
        ask_as(&answer, cases[i].entry, cases[i].method, cases[i].path, NULL, cases[i].peer);
        CASE_INT(cases[i].part, answer.status, cases[i].status);
        if (!strstr(answer.body.data, cases[i].part)) {
            fail_msg("%s is not in %s", cases[i].part, answer.body.data);
        }
        if (strcmp(cases[i].peer, "192.0.2.1") == 0) {
            assert_null(strstr(answer.body.data, "plugins"));
            assert_null(strstr(answer.body.data, "figure"));
        }
    }
}

static void test_a_stopped_core_says_so(void **state)
{
    answer_t answer = { .announced = 1 };

    (void)state;
    start();
    app_core_stop(core);
    ask(&answer, "GET", "/say");
    assert_int_equal(answer.status, 503);
    assert_string_equal(apr_table_get(answer.headers, "Retry-After"), "1");
}

static void test_a_plugin_refuses(void **state)
{
    app_error_t err = { .pool = unit_pool };

    (void)state;
    start();
    assert_int_equal(app_site_make(core, "other", make_conf(APP_IN_SERVER, "bad"), &site, &err),
                     APP_EFAIL);
    assert_string_equal(err.message, "plugin talk refuses its settings: a bad word");
}

static void test_a_path_is_served_once(void **state)
{
    static const app_route_t twice[] = { { "GET", "/a", say },
                                         { "POST GET", "/a", say },
                                         { NULL, NULL, NULL } };
    app_error_t err = { .pool = unit_pool };
    app_plugin_t greedy = plugin;

    (void)state;
    start();
    greedy.routes = twice;
    APR_ARRAY_IDX(core->plugins, 0, const app_plugin_t *) = &greedy;
    assert_int_equal(app_site_make(core, "other", make_conf(APP_IN_SERVER, NULL), &site, &err),
                     APP_EFAIL);
    assert_string_equal(err.message,
                        "plugin talk serves /a, and so does plugin talk, with the same method");
}

static void test_log_lines_cannot_be_forged(void **state)
{
    (void)state;
    start();
    app_log(APP_LOG_ERROR, NULL, "APP0000", "one\ntwo\x1b[0m");
    assert_string_equal(log_text, "APP0000: one two [0m");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_routes),
    cmocka_unit_test(test_figures_of_routes),
    cmocka_unit_test(test_figures_of_time),
    cmocka_unit_test(test_an_error_replaces_the_answer),
    cmocka_unit_test(test_not_modified),
    cmocka_unit_test(test_long_answers_stream),
    cmocka_unit_test(test_bodies),
    cmocka_unit_test(test_location_settings),
    cmocka_unit_test(test_time_of_a_statement),
    cmocka_unit_test(test_a_tap_sees_the_answer),
    cmocka_unit_test(test_settings_have_a_digest),
    cmocka_unit_test(test_health),
    cmocka_unit_test(test_a_stopped_core_says_so),
    cmocka_unit_test(test_a_plugin_refuses),
    cmocka_unit_test(test_a_path_is_served_once),
    cmocka_unit_test(test_log_lines_cannot_be_forged),
};

UNIT_MAIN(tests)
