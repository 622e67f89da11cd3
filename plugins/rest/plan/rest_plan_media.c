/* SPDX-License-Identifier: Apache-2.0 */
/** Step 2 of a request: the type of the answer, and which preferences can be met. */
#include "rest_planner.h"

static int explains_more(const rest_explain_t *explain)
{
    return explain->analyze || explain->verbose || explain->settings || explain->buffers ||
           explain->wal;
}

static const char *first_option(const rest_explain_t *explain)
{
    return explain->analyze    ? "analyze"
           : explain->verbose  ? "verbose"
           : explain->settings ? "settings"
           : explain->buffers  ? "buffers"
                               : "wal";
}

static apr_status_t explain_available(const rest_planner_t *planner, const rest_accepted_t *type,
                                      app_error_t *err)
{
    if (!planner->request->explains) {
        return APR_NOTFOUND;
    }
    if (planner->schema->kind == APP_DB_SQLITE && explains_more(&type->explain)) {
        return rest_unavailable(APP_DB_SQLITE, err,
                                "The plan option '%s' is not available on the SQLite backend",
                                first_option(&type->explain));
    }
    return APR_SUCCESS;
}

static const rest_handler_t *find_handler(const rest_handler_t *handler, const char *media)
{
    while (handler && strcmp(handler->media, media) != 0) {
        handler = handler->next;
    }
    return handler;
}

/** An aggregate serves whole rows only: with a select they are no rows of the relation. */
static const rest_handler_t *handler_of(const rest_planner_t *planner,
                                        const rest_accepted_t *type)
{
    const rest_relation_t *relation = planner->plan->root.relation;
    const rest_item_t *select = planner->request->query->select;
    const rest_handler_t *handler = NULL;

    if (!relation || planner->plan->bare ||
        (select && (select->kind != REST_ITEM_STAR || select->next))) {
        return NULL;
    }
    handler = find_handler(relation->handlers, "*/*");
    if (!handler) {
        handler = find_handler(relation->handlers, type->name);
    }
    return handler ? handler : find_handler(planner->schema->handlers, type->name);
}

/** A function that gives a media type is asked for it, or for anything. */
static int routine_gives(const rest_planner_t *planner, const rest_accepted_t *type)
{
    const rest_routine_t *routine = planner->plan->routine;

    return routine && routine->media && planner->plan->bare && type->media != REST_MEDIA_OBJECT &&
           type->media != REST_MEDIA_PLAN &&
           (type->media == REST_MEDIA_ANY || strcmp(routine->media, "*/*") == 0 ||
            strcmp(routine->media, type->name) == 0);
}

static apr_status_t media_available(void *ctx, const rest_accepted_t *type, app_error_t *err)
{
    rest_planner_t *planner = ctx;
    rest_plan_t *plan = planner->plan;

    plan->handler = type->media != REST_MEDIA_OBJECT ? handler_of(planner, type) : NULL;
    plan->bytes = routine_gives(planner, type);
    if (plan->handler || plan->bytes) {
        return APR_SUCCESS;
    }
    switch (type->media) {
    case REST_MEDIA_PLAN:
        return explain_available(planner, type, err);
    case REST_MEDIA_GEOJSON:
        return planner->schema->kind == APP_DB_PGSQL
                   ? APR_SUCCESS
                   : rest_unavailable(APP_DB_SQLITE, err,
                                      "GeoJSON output is not available on the SQLite backend");
    case REST_MEDIA_ANY:
    case REST_MEDIA_JSON:
    case REST_MEDIA_OBJECT:
    case REST_MEDIA_CSV:
        return APR_SUCCESS;
    default:
        return APR_NOTFOUND;
    }
}

/** What is made by SQL has the type that was asked for, or else the one that it makes. */
static const rest_accepted_t *made_type(const rest_accepted_t *type, const char *media,
                                        apr_pool_t *p)
{
    rest_accepted_t *made = apr_pcalloc(p, sizeof(*made));

    if (type->media != REST_MEDIA_ANY) {
        return type;
    }
    made->name = strcmp(media, "*/*") == 0 ? "application/octet-stream" : media;
    made->text = made->name;
    made->media = REST_MEDIA_OTHER;
    return made;
}

static void plan_made(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;

    if (plan->bytes || plan->handler) {
        plan->type = made_type(plan->type,
                               plan->handler ? plan->handler->media : plan->routine->media,
                               planner->pool);
        plan->hex = plan->handler ? plan->handler->bytes : plan->routine->bytes;
    }
}

static apr_status_t choose_media(rest_planner_t *planner)
{
    const rest_accepted_t *types = rest_accept_parse(planner->request->accept, planner->pool);
    rest_plan_t *plan = planner->plan;
    const rest_accepted_t *answer;

    if (rest_accept_choose(&plan->type, types, media_available, planner, planner->err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    plan_made(planner);
    answer = plan->type->media == REST_MEDIA_PLAN && plan->type->explain.of ? plan->type->explain.of
                                                                            : plan->type;
    plan->form = answer->media == REST_MEDIA_ANY ? REST_MEDIA_JSON : answer->media;
    plan->stripped = answer->stripped;
    plan->root.flat = plan->form == REST_MEDIA_CSV;
    plan->single = plan->form == REST_MEDIA_OBJECT && plan->type->media != REST_MEDIA_PLAN;
    return APR_SUCCESS;
}

static int is_utc(const char *zone)
{
    return strcmp(zone, "UTC") == 0 || strcmp(zone, "GMT") == 0 || strcmp(zone, "+00:00") == 0;
}

static apr_status_t check_prefer(const rest_planner_t *planner)
{
    const rest_prefer_t *prefer = &planner->request->prefer;
    app_error_t *err = planner->err;

    if (prefer->handling == REST_HANDLING_STRICT && prefer->invalid) {
        app_fail(err, APP_E_PREFERENCES, NULL);
        return app_details(err, "Invalid preferences: %s", prefer->invalid);
    }
    if (prefer->timezone && planner->schema->kind == APP_DB_SQLITE && !is_utc(prefer->timezone)) {
        REST_UNAVAILABLE(planner, "Time zone '%s' is not available on the SQLite backend",
                         prefer->timezone);
        return app_hint(err, "Store and read UTC, and convert in the client.");
    }
    return APR_SUCCESS;
}

/** Which of the two headers answers first is the dialect's. */
apr_status_t rest_plan_headers(rest_planner_t *planner)
{
    rest_action_e action = planner->request->action;

    if (action == REST_READ || action == REST_CALL) {
        return choose_media(planner) == APR_SUCCESS ? check_prefer(planner) : APP_EFAIL;
    }
    return check_prefer(planner) == APR_SUCCESS ? choose_media(planner) : APP_EFAIL;
}
