/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The API's description, a Swagger 2.0 document, written as it goes: nothing of it is held but
 * what has not been sent yet. rest_openapi.c says what it shows and to whom it goes.
 */
#ifndef REST_OPENAPI_H
#define REST_OPENAPI_H

#include "apr_uri.h"

#include "rest_schema.h"

/** The release of the dialect that is spoken. */
#define REST_DIALECT_VERSION "16.1"
#define REST_DIALECT_MAJOR   "16"

typedef struct rest_openapi_t {
    app_db_kind_e           kind;
    const char             *comment;   /* of the schema; NULL: none */
    const rest_relation_t **relations; /* that are shown, in their order */
    int                     nrelations;
    const rest_routine_t  **routines;  /* the same; one for each name */
    int                     nroutines;
    const char             *scheme;
    const char             *host;      /* with its port; NULL: not known */
    const char             *path;      /* that the others hang below */
    int                     security;  /* tokens are described */

    apr_status_t (*send)(void *ctx, const char *data, apr_size_t len);
    void        *ctx;
    apr_status_t status; /* of the last send() */
    app_buf_t    buf;    /* what has not been sent */
    apr_pool_t  *pool;
    apr_pool_t  *scratch; /* cleared by rest_openapi_flush() */
} rest_openapi_t;

/** Reads "https://host:port/path". @return whether it is one; the port is then set */
int rest_openapi_read_uri(apr_uri_t *puri, const char *text, apr_pool_t *p);

/** Writes the document. @return what send() returned: once it fails, nothing more is sent */
apr_status_t rest_openapi_write(rest_openapi_t *doc);

/* rest_openapi_json.c: members; commas come of themselves. name is NULL in an array. */

void rest_openapi_open(rest_openapi_t *doc, const char *name, char bracket);
void rest_openapi_close(rest_openapi_t *doc, char bracket);
void rest_openapi_text(rest_openapi_t *doc, const char *name, const char *text);
/** text is JSON: a number, true, an array. */
void rest_openapi_raw(rest_openapi_t *doc, const char *name, const char *text);
/** Sends what there is, if it has become much, or is the end. What was in scratch is gone. */
void rest_openapi_flush(rest_openapi_t *doc, int last);

/* rest_openapi_type.c: types, and the definitions made of them */

/**
 * What Swagger calls a type. @param type by its name in PostgreSQL; NULL: any
 * @return NULL: of any type
 */
const char *rest_openapi_type(const char *type);
/** PostgreSQL's name of a type of a column, parameter or result. NULL: any. */
const char *rest_openapi_type_name(const rest_openapi_t *doc, const char *declared,
                                   rest_kind_e kind);
/** Members "type", "format" and "items". */
void rest_openapi_add_type(rest_openapi_t *doc, const char *type);
/** The object of a relation's columns, under its name. */
void rest_openapi_add_relation(rest_openapi_t *doc, const rest_relation_t *relation);

#endif
