/* SPDX-License-Identifier: Apache-2.0 */
/** From a path below /api to the handler that wants it. The table is made once per site. */
#include "apr_strings.h"

#include "app_core_int.h"

static int longer_first(const void *a, const void *b)
{
    const app_route_entry_t *x = a, *y = b;

    return x->length < y->length ? 1 : x->length > y->length ? -1 : 0;
}

void app_route_collect(app_site_t *site)
{
    int i;

    site->routes = apr_array_make(site->core->pool, 8, sizeof(app_route_entry_t));
    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);
        const app_route_t *route = instance->plugin->routes;

        for (; route && route->path; route++) {
            app_route_entry_t *entry = apr_array_push(site->routes);

            entry->route = route;
            entry->length = strlen(route->path);
            entry->instance = instance;
        }
    }
    if (site->routes->nelts) {
        qsort(site->routes->elts, (size_t)site->routes->nelts, sizeof(app_route_entry_t),
              longer_first);
    }
}

/** "/a/" stands for all below it, "/a" for itself. */
static int fits(const app_route_entry_t *entry, const char *path)
{
    if (entry->route->path[entry->length - 1] == '/') {
        return strncmp(path, entry->route->path, entry->length) == 0;
    }
    return strcmp(path, entry->route->path) == 0;
}

static int takes(const char *methods, const char *method)
{
    apr_size_t len = strlen(method);
    const char *s;

    if (!methods || (strcmp(method, "HEAD") == 0 && takes(methods, "GET"))) {
        return 1;
    }
    for (s = strstr(methods, method); s; s = strstr(s + len, method)) {
        if ((s == methods || s[-1] == ' ') && (s[len] == ' ' || s[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t wrong_method(const app_request_t *r, const char *methods, app_error_t *err)
{
    char *allow = apr_pstrdup(err->pool, methods), *blank;

    while ((blank = strchr(allow, ' '))) {
        *blank = ',';
    }
    app_fail(err, APP_E_METHOD, "This path does not take the method %s", app_request_method(r));
    app_hint(err, "It takes %s.", methods);
    err->allow = takes(methods, "HEAD") && !strstr(methods, "HEAD")
                     ? apr_pstrcat(err->pool, allow, ",HEAD", NULL)
                     : allow;
    return APP_EFAIL;
}

apr_status_t app_route_run(app_request_t *r, app_response_t *res, app_error_t *err)
{
    const char *path = app_request_path(r);
    const apr_array_header_t *routes = r->site->routes;
    int i;

    if (strcmp(path, "/health") == 0) {
        return app_health_answer(r, res, err);
    }
    for (i = 0; i < routes->nelts; i++) {
        const app_route_entry_t *entry = &APR_ARRAY_IDX(routes, i, app_route_entry_t);

        if (fits(entry, path)) {
            if (!takes(entry->route->methods, app_request_method(r))) {
                return wrong_method(r, entry->route->methods, err);
            }
            return entry->route->handler(entry->instance, r, res, err);
        }
    }
    app_fail(err, APP_E_NOT_FOUND, NULL);
    return app_hint(err, "No plugin of this site serves it; see <AppPlugin> in the configuration.");
}
