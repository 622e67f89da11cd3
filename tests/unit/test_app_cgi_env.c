/* SPDX-License-Identifier: Apache-2.0 */
/** Requests from CGI environments, as the servers at hand make them, and as an attacker would. */
#include "unit.h"

#include "apr_strings.h"

#include "app_cgi_env.h"

#define VARS 16

/** "A=1\nB=2" as an environment. */
static const char *const *env_of(const char *text)
{
    char *copy = apr_pstrdup(unit_pool, text), *line, *last;
    const char **env = apr_pcalloc(unit_pool, sizeof(*env) * (VARS + 1));
    int n = 0;

    for (line = apr_strtok(copy, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        assert_true(n < VARS);
        env[n++] = line;
    }
    return env;
}

static apr_status_t read_env(app_cgi_request_t *request, const char *text, const char *base,
                             app_error_t *err)
{
    memset(request, 0, sizeof(*request));
    memset(err, 0, sizeof(*err));
    err->pool = unit_pool;
    return app_cgi_env_read(request, env_of(text), base, err, unit_pool);
}

/** "api /app/api /x" or the error's code. */
static const char *target_of(const char *text, const char *base)
{
    static const char *const entries[] = { "api", "health", "status" };
    app_cgi_request_t request;
    app_error_t err;

    text = apr_pstrcat(unit_pool, "REQUEST_METHOD=GET\n", text, NULL);
    if (read_env(&request, text, base, &err) != APR_SUCCESS) {
        return err.code;
    }
    return apr_pstrcat(unit_pool, entries[request.entry], " ", request.mount, " ", request.path,
                       NULL);
}

static void test_target(void **state)
{
    static const struct {
        const char *env, *base, *target;
    } cases[] = {
        /* The name hidden by a rewrite, as .htaccess does. */
        { "REQUEST_URI=/app/api/x?a=1\nSCRIPT_NAME=/app/app.cgi", NULL, "api /app/api /x" },
        { "REQUEST_URI=/api/x\nSCRIPT_NAME=/app.cgi", NULL, "api /api /x" },
        { "REQUEST_URI=/api\nSCRIPT_NAME=/app.cgi", NULL, "api /api /" },
        { "REQUEST_URI=/api/\nSCRIPT_NAME=/app.cgi", NULL, "api /api /" },
        { "REQUEST_URI=/api/api/x\nSCRIPT_NAME=/api/app.cgi", NULL, "api /api/api /x" },
        { "REQUEST_URI=/my%20site/health/live\nSCRIPT_NAME=/my site/app.cgi", NULL,
          "health /my site/health /live" },
        /* Called by its name. */
        { "REQUEST_URI=/cgi-bin/app.cgi/status\nSCRIPT_NAME=/cgi-bin/app.cgi", NULL,
          "status /cgi-bin/app.cgi/status /" },
        { "REQUEST_URI=/app.cgi\nSCRIPT_NAME=/app.cgi", NULL, "APPE004" },
        { "REQUEST_URI=/app.cgi/\nSCRIPT_NAME=/app.cgi", NULL, "APPE004" },
        /* Behind mod_proxy_fcgi, which says that the whole path is the script's. */
        { "REQUEST_URI=/x/api/y\nSCRIPT_NAME=/x/api/y", NULL, "api /x/api /y" },
        { "REQUEST_URI=/api/api\nSCRIPT_NAME=/api/api", NULL, "api /api /api" },
        { "REQUEST_URI=/api\nSCRIPT_NAME=/api", NULL, "api /api /" },
        /* From another folder, or from a server that says little. */
        { "REQUEST_URI=/shop/api/y\nSCRIPT_NAME=/cgi-bin/app.cgi", NULL, "api /shop/api /y" },
        { "REQUEST_URI=/api/y", NULL, "api /api /y" },
        { "SCRIPT_NAME=/a b/app.cgi\nPATH_INFO=/api/x%y?z", NULL,
          "api /a b/app.cgi/api /x%y?z" },
        { "PATH_INFO=/api", NULL, "api /api /" },
        { "X=1", NULL, "APPE003" },
        { "REQUEST_URI=/other/y\nSCRIPT_NAME=/app.cgi", NULL, "APPE004" },
        { "REQUEST_URI=/apix\nSCRIPT_NAME=/app.cgi", NULL, "APPE004" },
        /* AppBasePath. */
        { "REQUEST_URI=/api/api/y\nSCRIPT_NAME=/app.cgi", "/api", "api /api/api /y" },
        { "REQUEST_URI=/a/api/y", "/a/", "api /a/api /y" },
        { "REQUEST_URI=/ab/api/y", "/a", "APPE004" },
        { "REQUEST_URI=/api/y", "/", "api /api /y" },
        { "REQUEST_URI=/api/y", "", "api /api /y" },
        /* The path as such. */
        { "REQUEST_URI=http://h:80/api/x%20y?q", NULL, "api /api /x y" },
        { "REQUEST_URI=http://h", NULL, "APPE004" },
        { "REQUEST_URI=/api/%C3%A9", NULL, "api /api /\xC3\xA9" },
        { "REQUEST_URI=/api/%2541", NULL, "api /api /%41" },
        { "REQUEST_URI=//api///x//", NULL, "api /api /x/" },
        { "REQUEST_URI=/api/...", NULL, "api /api /..." },
        { "REQUEST_URI=/api/a%2Fb", NULL, "APPE003" },
        { "REQUEST_URI=/api/%00", NULL, "APPE003" },
        { "REQUEST_URI=/api/%FF", NULL, "APPE003" },
        { "REQUEST_URI=/api/%C0%AF", NULL, "APPE003" },
        { "REQUEST_URI=/api/%4", NULL, "APPE003" },
        { "REQUEST_URI=/api/%", NULL, "APPE003" },
        { "REQUEST_URI=/api/%zz", NULL, "APPE003" },
        { "REQUEST_URI=/api/../status", NULL, "APPE003" },
        { "REQUEST_URI=/api/%2e%2E", NULL, "APPE003" },
        { "REQUEST_URI=/api/./x", NULL, "APPE003" },
        { "REQUEST_URI=/api/x/.", NULL, "APPE003" },
        { "REQUEST_URI=api/x", NULL, "APPE003" },
        { "REQUEST_URI=*", NULL, "APPE003" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].env, target_of(cases[i].env, cases[i].base), cases[i].target);
    }
}

static void test_long_path(void **state)
{
    char *uri = apr_palloc(unit_pool, 16384 + 64);
    app_cgi_request_t request;
    app_error_t err;

    (void)state;
    memset(uri, 'a', 16384 + 63);
    uri[16384 + 63] = '\0';
    memcpy(uri, "REQUEST_METHOD=GET\nREQUEST_URI=/api/", 36);
    uri[31 + 16384] = '\0';
    assert_int_equal(read_env(&request, uri, NULL, &err), APR_SUCCESS);
    uri[31 + 16384] = 'a';
    uri[31 + 16385] = '\0';
    assert_int_equal(read_env(&request, uri, NULL, &err), APP_EFAIL);
    assert_string_equal(err.code, "APPE009");
}

static void test_query(void **state)
{
    static const struct {
        const char *env, *query;
    } cases[] = {
        { "REQUEST_URI=/api", NULL },
        { "REQUEST_URI=/api\nQUERY_STRING=", NULL },
        { "REQUEST_URI=/api?a=%20", "a=%20" },
        { "REQUEST_URI=/api?a\nQUERY_STRING=a&b", "a&b" },
        { "REQUEST_URI=/api?a\nQUERY_STRING=", NULL },
        { "REQUEST_URI=/api?", NULL },
    };
    app_cgi_request_t request;
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *text = apr_pstrcat(unit_pool, "REQUEST_METHOD=GET\n", cases[i].env, NULL);

        assert_int_equal(read_env(&request, text, NULL, &err), APR_SUCCESS);
        CASE_STRING(cases[i].env, request.query, cases[i].query);
    }
}

static void test_headers(void **state)
{
    app_cgi_request_t request;
    app_error_t err;

    (void)state;
    assert_int_equal(read_env(&request,
                              "REQUEST_METHOD=GET\nREQUEST_URI=/api\nREMOTE_ADDR=::1\n"
                              "HTTP_ACCEPT_PROFILE=x\nHTTP_PROXY=evil\nCONTENT_TYPE=text/plain\n"
                              "HTTP_=y\nHTTP_A-B=z\nHTTP_EMPTY=\nUNIQUE_ID=aB3-_@9\nHOME=/root\n"
                              "HTTP_X_TAB=a\tb",
                              NULL, &err),
                     APR_SUCCESS);
    assert_string_equal(request.peer, "::1");
    assert_string_equal(request.id, "aB3-_@9");
    assert_string_equal(apr_table_get(request.headers, "accept-profile"), "x");
    assert_string_equal(apr_table_get(request.headers, "Content-Type"), "text/plain");
    assert_string_equal(apr_table_get(request.headers, "Empty"), "");
    assert_null(apr_table_get(request.headers, "Proxy"));
    assert_null(apr_table_get(request.headers, "Home"));
    assert_int_equal(apr_table_elts(request.headers)->nelts, 4);
}

static void test_authorization(void **state)
{
    static const struct {
        const char *env, *value;
    } cases[] = {
        { "HTTP_AUTHORIZATION=a", "a" },
        { "REDIRECT_HTTP_AUTHORIZATION=b", "b" },
        { "HTTP_X_AUTHORIZATION=c", "c" },
        { "HTTP_AUTHORIZATION=\nREDIRECT_HTTP_AUTHORIZATION=b\nHTTP_X_AUTHORIZATION=c", "b" },
        { "HTTP_X_AUTHORIZATION=c\nHTTP_AUTHORIZATION=a\nREDIRECT_HTTP_AUTHORIZATION=b", "a" },
        { "REDIRECT_REMOTE_USER=x", NULL },
    };
    app_cgi_request_t request;
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *text = apr_pstrcat(unit_pool, "REQUEST_METHOD=GET\nREQUEST_URI=/api\n",
                                       cases[i].env, NULL);

        assert_int_equal(read_env(&request, text, NULL, &err), APR_SUCCESS);
        CASE_STRING(cases[i].env, apr_table_get(request.headers, "Authorization"),
                    cases[i].value);
    }
}

static void test_secure(void **state)
{
    static const struct {
        const char *env;
        int         secure;
    } cases[] = {
        { "X=1", 0 },
        { "HTTPS=on", 1 },
        { "HTTPS=ON", 1 },
        { "HTTPS=off", 0 },
        { "HTTPS=", 0 },
        { "REQUEST_SCHEME=https", 1 },
        { "REQUEST_SCHEME=http", 0 },
        { "HTTP_HTTPS=on", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_cgi_request_t request;
        app_error_t err;
        const char *env =
            apr_pstrcat(unit_pool, "REQUEST_METHOD=GET\nREQUEST_URI=/api\n", cases[i].env, NULL);

        assert_int_equal(read_env(&request, env, NULL, &err), APR_SUCCESS);
        CASE_INT(cases[i].env, request.secure, cases[i].secure);
    }
}

static void test_length(void **state)
{
    static const struct {
        const char *env;
        long        length; /* -2: refused */
    } cases[] = {
        { "REQUEST_METHOD=GET", 0 },
        { "REQUEST_METHOD=DELETE", 0 },
        { "REQUEST_METHOD=POST", -1 },
        { "REQUEST_METHOD=PATCH\nCONTENT_LENGTH=", -1 },
        { "REQUEST_METHOD=DELETE\nHTTP_TRANSFER_ENCODING=chunked", -1 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH=0", 0 },
        { "REQUEST_METHOD=GET\nCONTENT_LENGTH=12", 12 },
        { "REQUEST_METHOD=x-9~\nCONTENT_LENGTH=0", 0 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH=-1", -2 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH=+1", -2 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH= 1", -2 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH=1x", -2 },
        { "REQUEST_METHOD=POST\nCONTENT_LENGTH=9223372036854775808", -2 },
    };
    app_cgi_request_t request;
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *text = apr_pstrcat(unit_pool, "REQUEST_URI=/api\n", cases[i].env, NULL);
        apr_status_t rv = read_env(&request, text, NULL, &err);

        CASE_INT(cases[i].env, rv == APR_SUCCESS ? request.length : -2, cases[i].length);
    }
}

static void test_refused(void **state)
{
    static const char *const cases[] = {
        "REQUEST_URI=/api",
        "REQUEST_METHOD=\nREQUEST_URI=/api",
        "REQUEST_METHOD=G@T\nREQUEST_URI=/api",
        "REQUEST_METHOD=G\x7FT\nREQUEST_URI=/api",
        "REQUEST_METHOD=GET X\nREQUEST_URI=/api",
        "REQUEST_METHOD=ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG\nREQUEST_URI=/api",
        "REQUEST_METHOD=GET\nREQUEST_URI=/api\nHTTP_X=a\rb",
        "REQUEST_METHOD=GET\nREQUEST_URI=/api\nHTTP_X=\x7F",
        "REQUEST_METHOD=GET\nREQUEST_URI=/api\nREDIRECT_HTTP_AUTHORIZATION=\x01",
    };
    app_cgi_request_t request;
    app_error_t err;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i], read_env(&request, cases[i], NULL, &err), APP_EFAIL);
        CASE_STRING(cases[i], err.code, "APPE003");
    }
}

static void test_refused_with_body(void **state)
{
    app_cgi_request_t request;
    app_error_t err;

    (void)state;
    assert_int_equal(read_env(&request,
                              "REQUEST_METHOD=POST\nREQUEST_URI=/api/%00\nCONTENT_LENGTH=77", NULL,
                              &err),
                     APP_EFAIL);
    assert_int_equal(request.length, 77);
}

static void test_too_many(void **state)
{
    const char **env = apr_pcalloc(unit_pool, sizeof(*env) * (APP_CGI_VARS_MAX + 2));
    app_error_t err = { .pool = unit_pool };
    app_cgi_request_t request;
    int i;

    (void)state;
    env[0] = "REQUEST_METHOD=GET";
    env[1] = "REQUEST_URI=/api";
    for (i = 2; i < APP_CGI_VARS_MAX; i++) {
        env[i] = apr_psprintf(unit_pool, "HTTP_A%d=x", i);
    }
    assert_int_equal(app_cgi_env_read(&request, env, NULL, &err, unit_pool), APR_SUCCESS);
    env[i] = "HTTP_B=x";
    assert_int_equal(app_cgi_env_read(&request, env, NULL, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "The request has too many headers");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_target),  cmocka_unit_test(test_long_path),
    cmocka_unit_test(test_query),   cmocka_unit_test(test_headers),
    cmocka_unit_test(test_length),  cmocka_unit_test(test_authorization),
    cmocka_unit_test(test_refused), cmocka_unit_test(test_refused_with_body),
    cmocka_unit_test(test_too_many), cmocka_unit_test(test_secure),
};

UNIT_MAIN(tests)
