/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is held back of an answer. Called by rest_run*.c; thread of the request.
 */
#include <string.h>

#include "rest_held.h"

#define FIRST_PIECE (2 * 1024)
#define PIECE       (128 * 1024) /* longer than what the response buffers: sent without a copy */

void rest_held_init(rest_held_t *held, apr_size_t max, apr_pool_t *p)
{
    memset(held, 0, sizeof(*held));
    held->max = max;
    held->pool = p;
}

static rest_piece_t *add_piece(rest_held_t *held, apr_size_t len)
{
    apr_size_t size = held->last ? held->last->size * 4 : FIRST_PIECE;
    rest_piece_t *piece;

    size = size > PIECE ? PIECE : size;
    size = size < len ? len : size;
    piece = apr_palloc(held->pool, sizeof(*piece) + size);
    piece->next = NULL;
    piece->len = 0;
    piece->size = size;
    *(held->last ? &held->last->next : &held->first) = piece;
    held->last = piece;
    return piece;
}

void rest_held_add(rest_held_t *held, const char *lead, const char *row, apr_size_t len)
{
    apr_size_t lead_len = strlen(lead), both = lead_len + len;
    rest_piece_t *piece = held->last;

    if (held->full || both > held->max - held->len) {
        held->full = 1;
        return;
    }
    if (!piece || piece->size - piece->len < both) {
        piece = add_piece(held, both);
    }
    memcpy(piece->data + piece->len, lead, lead_len);
    memcpy(piece->data + piece->len + lead_len, row, len);
    piece->len += both;
    held->len += both;
}

void rest_held_send(const rest_held_t *held, app_response_t *res)
{
    const rest_piece_t *piece;

    for (piece = held->first; piece; piece = piece->next) {
        app_response_write(res, piece->data, piece->len);
    }
}
