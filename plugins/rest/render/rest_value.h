/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Values for SQLite, which would take anything anywhere: parsed as PostgreSQL parses them for a
 * column's type, and refused in its words.
 */
#ifndef REST_VALUE_H
#define REST_VALUE_H

#include "rest_array.h"
#include "rest_json.h"
#include "rest_schema.h"

/** The type as PostgreSQL names it. */
const char *rest_value_type(const rest_column_t *column);

/** Whether SQLite stores numbers of a column as the text that they are ("NUMERIC TEXT"). */
int rest_value_is_text(const rest_column_t *column);

/** A text that is a decimal number, as an integer or a double. @return 0: it is none */
int rest_value_number(app_value_t *value, const char *text);

/** A filter's value. @param text ends with a NUL and lives as long as value */
apr_status_t rest_value_of_text(app_value_t *value, const rest_column_t *column, const char *text,
                                app_error_t *err, apr_pool_t *p);

/** A value of a body. */
apr_status_t rest_value_of_json(app_value_t *value, const rest_column_t *column,
                                const rest_json_t *json, app_error_t *err, apr_pool_t *p);

/**
 * rest_value_time.c: a date, time or timestamp in the form that is stored. @param word names the
 * type in a refusal
 */
apr_status_t rest_value_time(const char **pnormal, rest_kind_e kind, const char *word,
                             const char *text, app_error_t *err, apr_pool_t *p);

/*
 * rest_value_array.c: arrays as the JSON that is stored, of a literal, of elements that have been
 * read of one, and of JSON. Where column is no array each element is what it looks like.
 */
apr_status_t rest_value_array(const char **pjson, const rest_column_t *column,
                              const rest_element_t *first, app_error_t *err, apr_pool_t *p);
apr_status_t rest_value_array_of_text(const char **pjson, const rest_column_t *column,
                                      const char *literal, app_error_t *err, apr_pool_t *p);
apr_status_t rest_value_array_of_json(const char **pjson, const rest_column_t *column,
                                      const rest_json_t *json, app_error_t *err, apr_pool_t *p);

/** Refuses a string with \u0000 in it. @return always APP_EFAIL */
apr_status_t rest_value_has_nul(app_error_t *err);

#endif
