/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Settings tables at work: which row a line means, defaults, and the merge of an inner place over
 * an outer one. Runs while the configuration is read, and for requests in a location with settings
 * of its own (merge).
 */
#include <string.h>
#include <strings.h>

#include "apr_strings.h"

#include "app_core_int.h"
#include "app_hash.h"

static apr_size_t member_size(app_setting_type_e type)
{
    switch (type) {
    case APP_TYPE_FLAG:
    case APP_TYPE_ENUM:
        return sizeof(int);
    case APP_TYPE_INT:
    case APP_TYPE_SIZE:
        return sizeof(apr_int64_t);
    case APP_TYPE_DURATION:
        return sizeof(apr_interval_time_t);
    default:
        return sizeof(void *);
    }
}

static void *member(const app_values_t *values, const app_setting_t *row)
{
    return (char *)values->data + row->offset;
}

const void *app_values_member(const app_values_t *values, const app_setting_t *row)
{
    return member(values, row);
}

static int count_rows(const app_setting_t *rows)
{
    int n = 0;

    while (rows && rows[n].name) {
        n++;
    }
    return n;
}

/** The row that a name means; *pfrom_file for the "File" form of a secret. */
static const app_setting_t *find_row(const app_values_t *values, const char *name, int *pfrom_file)
{
    int i;

    for (i = 0; i < values->nrows; i++) {
        const app_setting_t *row = &values->rows[i];
        apr_size_t len = strlen(row->name);

        *pfrom_file = 0;
        if (strcasecmp(name, row->name) == 0) {
            return row;
        }
        *pfrom_file = 1;
        if (row->type == APP_TYPE_SECRET && strncasecmp(name, row->name, len) == 0 &&
            strcasecmp(name + len, "File") == 0) {
            return row;
        }
    }
    return NULL;
}

app_values_t *app_values_create(const app_plugin_t *plugin, const app_setting_t *rows,
                                apr_size_t size, apr_pool_t *p)
{
    app_values_t *values = apr_pcalloc(p, sizeof(*values));
    app_error_t err = { .pool = p };
    int i;

    values->plugin = plugin;
    values->rows = rows;
    values->nrows = count_rows(rows);
    values->size = size;
    values->data = apr_pcalloc(p, size ? size : 1);
    values->set = apr_pcalloc(p, (apr_size_t)values->nrows + 1);
    values->lines = apr_pcalloc(p, ((apr_size_t)values->nrows + 1) * sizeof(*values->lines));
    for (i = 0; i < values->nrows; i++) {
        if (rows[i].type == APP_TYPE_PARSED) {
            *(apr_array_header_t **)member(values, &rows[i]) =
                apr_array_make(p, 0, sizeof(const void *));
        }
        else if (rows[i].type == APP_TYPE_LIST && !rows[i].deflt) {
            app_setting_read(member(values, &rows[i]), &rows[i], 0, NULL, "\"\"", &err, p);
        }
        else if (rows[i].deflt) {
            app_setting_read(member(values, &rows[i]), &rows[i], 0, NULL, rows[i].deflt, &err, p);
        }
    }
    return values;
}

apr_status_t app_values_check(const app_setting_t *rows, apr_size_t size, const char **problem,
                              apr_pool_t *p)
{
    app_values_t *values;
    app_error_t err = { .pool = p };
    int i, j, n = count_rows(rows);

    for (i = 0; i < n; i++) {
        if ((unsigned)rows[i].type > APP_TYPE_PARSED || !rows[i].help ||
            (rows[i].type == APP_TYPE_PARSED && (!rows[i].parse || rows[i].deflt)) ||
            (rows[i].type == APP_TYPE_ENUM && !rows[i].choices) ||
            rows[i].offset + member_size(rows[i].type) > size) {
            *problem = apr_psprintf(p, "the row of %s does not fit its struct", rows[i].name);
            return APR_EINVAL;
        }
        for (j = 0; j < i; j++) {
            if (strcasecmp(rows[i].name, rows[j].name) == 0) {
                *problem = apr_psprintf(p, "%s stands in it twice", rows[i].name);
                return APR_EINVAL;
            }
        }
    }
    values = app_values_create(NULL, rows, size, p);
    for (i = 0; i < n; i++) {
        if (rows[i].deflt && app_setting_read(member(values, &rows[i]), &rows[i], 0, NULL,
                                              rows[i].deflt, &err, p) != APR_SUCCESS) {
            *problem = apr_psprintf(p, "a default is wrong: %s", err.message);
            return APR_EINVAL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t unknown_setting(const app_values_t *values, const char *name, app_error_t *err,
                                    apr_pool_t *p)
{
    const char *names = "";
    int i;

    for (i = 0; i < values->nrows; i++) {
        names = apr_pstrcat(p, names, i ? ", " : "", values->rows[i].name, NULL);
    }
    if (!values->plugin) {
        return app_fail(err, APP_E_SETTING, "there is no setting App%s", name);
    }
    return app_fail(err, APP_E_SETTING, "plugin %s has no setting \"%s\"; it has %s",
                    values->plugin->name, name, *names ? names : "none");
}

/** A list that grows by further lines. */
static apr_status_t add_to_list(apr_array_header_t **plist, const app_setting_t *row,
                                const char *args, app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *more;

    if (app_setting_read(&more, row, 0, NULL, args, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *plist = apr_array_append(p, *plist, more);
    return APR_SUCCESS;
}

apr_status_t app_values_set(app_values_t *values, app_where_e where, const char *root,
                            const char *name, const char *args, app_error_t *err, apr_pool_t *p)
{
    int from_file;
    const app_setting_t *row = find_row(values, name, &from_file);

    if (!row) {
        return unknown_setting(values, name, err, p);
    }
    if (where == APP_IN_LOCATION && !(row->flags & APP_SET_LOCATION)) {
        return app_fail(err, APP_E_SETTING,
                        "%s cannot be set in a <Location>; set it in the server or virtual host",
                        row->name);
    }
    values->lines[row - values->rows] = app_hash(values->lines[row - values->rows], args,
                                                 strlen(args));
    if ((row->flags & APP_SET_APPEND) && values->set[row - values->rows]) {
        return add_to_list(member(values, row), row, args, err, p);
    }
    if (app_setting_read(member(values, row), row, from_file, root, args, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    values->set[row - values->rows] = 1;
    return APR_SUCCESS;
}

int app_values_empty(const app_values_t *values)
{
    return memchr(values->set, 1, (size_t)values->nrows) == NULL;
}

app_values_t *app_values_merge(const app_values_t *outer, const app_values_t *inner, apr_pool_t *p)
{
    app_values_t *values = apr_pmemdup(p, outer, sizeof(*outer));
    int i;

    values->data = apr_pmemdup(p, outer->data, outer->size ? outer->size : 1);
    values->set = apr_pmemdup(p, outer->set, (apr_size_t)outer->nrows + 1);
    values->lines = apr_pmemdup(p, outer->lines,
                                ((apr_size_t)outer->nrows + 1) * sizeof(*outer->lines));
    for (i = 0; i < outer->nrows; i++) {
        const app_setting_t *row = &outer->rows[i];

        if (!inner->set[i]) {
            continue;
        }
        if ((row->flags & APP_SET_APPEND) && outer->set[i]) {
            *(apr_array_header_t **)member(values, row) =
                apr_array_append(p, *(apr_array_header_t **)member(outer, row),
                                 *(apr_array_header_t **)member(inner, row));
            values->lines[i] = app_hash(outer->lines[i], &inner->lines[i],
                                        sizeof(inner->lines[i]));
        }
        else {
            memcpy(member(values, row), member(inner, row), member_size(row->type));
            values->lines[i] = inner->lines[i];
        }
        values->set[i] = 1;
    }
    return values;
}
