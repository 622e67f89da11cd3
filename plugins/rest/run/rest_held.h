/* SPDX-License-Identifier: Apache-2.0 */
/** A body that is held back until the head before it is known: pieces, none of which ever moves. */
#ifndef REST_HELD_H
#define REST_HELD_H

#include "rest_int.h"

typedef struct rest_piece_t {
    struct rest_piece_t *next;
    apr_size_t           len, size;
    char                 data[];
} rest_piece_t;

typedef struct rest_held_t {
    rest_piece_t *first, *last;
    apr_size_t    len;
    apr_size_t    max;  /* longest len */
    int           full; /* something was left out */
    apr_pool_t   *pool;
} rest_held_t;

void rest_held_init(rest_held_t *held, apr_size_t max, apr_pool_t *p);
/** Adds both texts, or neither. */
void rest_held_add(rest_held_t *held, const char *lead, const char *row, apr_size_t len);
void rest_held_send(const rest_held_t *held, app_response_t *res);

#endif
