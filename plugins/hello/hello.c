/* SPDX-License-Identifier: Apache-2.0 */
/** The worked example of docs/writing-a-plugin.md: GET /api/hello?name=World greets. */
#include <string.h>

#include "app_plugin.h"

#define GREETING_MAX 1024

typedef struct hello_conf_t {
    const char *greeting;
} hello_conf_t;

static const app_setting_t settings[] = {
    APP_SET_STRING("Greeting", hello_conf_t, greeting, "Hello", APP_SET_LOCATION,
                   "word that stands before the name"),
    APP_SET_END
};

/** The value of ?name=…, or "World". */
static apr_status_t name_asked(app_request_t *r, const char **pname, app_error_t *err)
{
    const apr_array_header_t *pairs;
    int i;

    *pname = "World";
    if (app_query_parse(app_request_query(r), &pairs, err, app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (strcmp(pair->key, "name") == 0 && pair->value) {
            *pname = pair->value;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t greet(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    const hello_conf_t *conf = app_request_settings(r, self);
    const char *name;
    app_buf_t text, body;

    if (name_asked(r, &name, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_init(&text, app_request_pool(r), GREETING_MAX);
    app_buf_addf(&text, "%s, %s!", conf->greeting, name);
    app_buf_init(&body, app_request_pool(r), 8 * GREETING_MAX);
    app_buf_adds(&body, "{\"message\":");
    app_buf_add_json(&body, text.data, text.len);
    app_buf_addc(&body, '}');
    if (app_buf_full(&text)) {
        return app_fail(err, APP_E_BAD_REQUEST, "The name is too long");
    }
    app_response_type(res, "application/json; charset=utf-8");
    return app_response_write(res, body.data, body.len);
}

static const app_route_t routes[] = { { "GET", "/hello", greet }, { NULL, NULL, NULL } };

APP_PLUGIN(.name = "hello", .version = "1.0", .summary = "greets, as an example of a plugin",
           .settings = settings, .settings_size = sizeof(hello_conf_t), .routes = routes)
