/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin cors know of each other:
 *
 *   cors.c          settings, filters: what each answer says      configuration, then any thread
 *   cors_origin.c   origins: what may be named, and what matches   configuration, then any thread
 *   cors_list.c     lists of names in headers                      the request's thread
 */
#ifndef CORS_INT_H
#define CORS_INT_H

#include "app_plugin.h"

typedef enum cors_credentials_e {
    CORS_CREDENTIALS_NAMED, /* to origins that are named */
    CORS_CREDENTIALS_ON,    /* the same, and "*" must not stand among them */
    CORS_CREDENTIALS_OFF
} cors_credentials_e;

typedef struct cors_conf_t {
    apr_array_header_t *origins; /* exact, with a star for labels in front, "*", "null" */
    apr_array_header_t *methods;
    apr_array_header_t *headers; /* "*": those that are asked for */
    apr_array_header_t *exposed;
    int                 credentials; /* cors_credentials_e */
    apr_interval_time_t max_age;
    int                 private_network;
    int                 limit_preflights;
} cors_conf_t;

/* cors_origin.c */

/** Whether a list has "*": then no answer depends on who asks. */
int cors_origin_any(const apr_array_header_t *origins);

/**
 * Whether a page of that origin may read the answers, "*" left aside. Compares bytes, as Fetch
 * does: browsers write origins in small letters, without the port that is usual for the scheme.
 * @param origin the header's value as it came
 */
int cors_origin_named(const apr_array_header_t *origins, const char *origin);

/**
 * Why no browser would ever send what a word of the settings describes.
 * @return the end of a sentence that begins with the word; NULL: the word is good
 */
const char *cors_origin_fault(const char *word);

/* cors_list.c */

/** The words with ", " between them. */
const char *cors_list_join(const apr_array_header_t *words, apr_pool_t *p);

/** Whether a word is in a list, letter for letter: methods and "*". */
int cors_list_has(const apr_array_header_t *words, const char *word);

/**
 * Whether each word is a name as headers and methods have them (RFC 9110 5.6.2).
 * @return the first that is none; NULL: all are
 */
const char *cors_list_fault(const apr_array_header_t *words);

/**
 * The names in a client's list, with ", " in front of each; what is no name is left out. At most
 * 16 KiB of it.
 */
const char *cors_list_names(const char *asked, apr_pool_t *p);

#endif
