/* SPDX-License-Identifier: Apache-2.0 */
/** From a path below /api to the handler that wants it. The table is made once per site. */
#include "apr_strings.h"

#include "app_core_int.h"

static int longer_first(const void *a, const void *b)
{
    const app_route_entry_t *x = a, *y = b;

    return x->length < y->length ? 1 : x->length > y->length ? -1 : 0;
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

static int overlap(const char *methods, const char *others, apr_pool_t *p)
{
    char *rest, *method;

    if (!methods || !others) {
        return 1;
    }
    for (method = apr_strtok(apr_pstrdup(p, methods), " ", &rest); method;
         method = apr_strtok(NULL, " ", &rest)) {
        if (takes(others, method)) {
            return 1;
        }
    }
    return 0;
}

/** A path may stand in several rows, and in several plugins, but a method of it only once. */
static apr_status_t check_alone(const app_site_t *site, const app_instance_t *instance,
                                const app_route_t *route, app_error_t *err)
{
    int i;

    for (i = 0; i < site->routes->nelts; i++) {
        const app_route_entry_t *other = &APR_ARRAY_IDX(site->routes, i, app_route_entry_t);

        if (strcmp(other->route->path, route->path) == 0 &&
            overlap(other->route->methods, route->methods, err->pool)) {
            return app_fail(err, APP_E_SETTING,
                            "plugin %s serves %s, and so does plugin %s, with the same method",
                            instance->plugin->name, route->path, other->instance->plugin->name);
        }
    }
    return APR_SUCCESS;
}

apr_status_t app_route_collect(app_site_t *site, app_error_t *err)
{
    int i;

    site->routes = apr_array_make(site->core->pool, 8, sizeof(app_route_entry_t));
    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);
        const app_route_t *route = instance->plugin->routes;

        for (; route && route->path; route++) {
            app_route_entry_t *entry;

            if (check_alone(site, instance, route, err) != APR_SUCCESS) {
                return APP_EFAIL;
            }
            entry = apr_array_push(site->routes);
            entry->route = route;
            entry->length = strlen(route->path);
            entry->name = route->path[entry->length - 1] == '/'
                              ? apr_pstrcat(site->core->pool, route->path, "*", NULL)
                              : route->path;
            entry->instance = instance;
        }
    }
    if (site->routes->nelts) {
        qsort(site->routes->elts, (size_t)site->routes->nelts, sizeof(app_route_entry_t),
              longer_first);
    }
    return APR_SUCCESS;
}

/** "/a/" stands for all below it, "/a" for itself. */
static int fits(const app_route_entry_t *entry, const char *path)
{
    if (entry->route->path[entry->length - 1] == '/') {
        return strncmp(path, entry->route->path, entry->length) == 0;
    }
    return strcmp(path, entry->route->path) == 0;
}

const char *app_route_name(const app_request_t *r)
{
    const apr_array_header_t *routes = r->site->routes;
    int i;

    for (i = 0; i < routes->nelts; i++) {
        const app_route_entry_t *entry = &APR_ARRAY_IDX(routes, i, app_route_entry_t);

        if (fits(entry, app_request_path(r))) {
            return entry->name;
        }
    }
    return "none";
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
    const char *path = app_request_path(r), *methods = NULL;
    const apr_array_header_t *routes = r->site->routes;
    apr_size_t length = 0;
    int i;

    for (i = 0; i < routes->nelts; i++) {
        const app_route_entry_t *entry = &APR_ARRAY_IDX(routes, i, app_route_entry_t);

        if (methods && entry->length < length) {
            break; /* the longest path has the say, also where it does not take the method */
        }
        if (!fits(entry, path)) {
            continue;
        }
        if (takes(entry->route->methods, app_request_method(r))) {
            r->figures.route = entry->name;
            return entry->route->handler(entry->instance, r, res, err);
        }
        length = entry->length;
        methods = methods ? apr_pstrcat(err->pool, methods, " ", entry->route->methods, NULL)
                          : entry->route->methods;
    }
    if (methods) {
        return wrong_method(r, methods, err);
    }
    app_fail(err, APP_E_NOT_FOUND, NULL);
    return app_hint(err, "No plugin of this site serves it; see <AppPlugin> in the configuration.");
}
