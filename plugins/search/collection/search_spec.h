/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a collection shall be, as administrators write it: by a line Collection of the settings, or
 * behind `appctl search create`. Plain texts, checked as far as that goes without the database.
 */
#ifndef SEARCH_SPEC_H
#define SEARCH_SPEC_H

#include "app_plugin.h"

/** Texts as they were written; NULL: not said, but for the first three. */
typedef struct search_spec_t {
    const char *name, *table, *columns; /* title:A,summary:B,… */
    const char *facets, *language, *title, *key;
} search_spec_t;

/**
 * Looks whether it makes sense, and fills in what was not said.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING and what would be right
 */
apr_status_t search_spec_check(search_spec_t *spec, app_error_t *err, apr_pool_t *p);

/** Whether a database of that kind can do what it says. @return as above */
apr_status_t search_spec_suits(const search_spec_t *spec, app_db_kind_e kind, app_error_t *err);

/**
 * Reads a line, as app_setting_parse_fn:
 *
 *     Collection packages table=packages columns=name:A,summary:B facets=section,priority
 *
 * @param pvalue a search_spec_t, looked at by search_spec_check()
 */
apr_status_t search_spec_parse(const void **pvalue, const apr_array_header_t *words,
                               app_error_t *err, apr_pool_t *p);

/**
 * For configure(): whether no two lines are of the same collection, and all suit the database.
 * @param specs of const search_spec_t *
 */
apr_status_t search_specs_check(const apr_array_header_t *specs, app_db_kind_e kind,
                                app_error_t *err);

#endif
