/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A hash for tables and digests of the core and the databases. Quick, eight bytes at a time, and
 * without a secret: only for what no client can choose, or where everything is compared whole
 * after it was found. The same in all processes of a machine; not a format to be stored. Any thread.
 */
#ifndef APP_HASH_H
#define APP_HASH_H

#include <string.h>

#include "apr.h"

/** The hash of what came before, or any number at first, and len bytes more. */
static inline apr_uint64_t app_hash(apr_uint64_t before, const void *data, apr_size_t len)
{
    const apr_uint64_t prime = 0x9E3779B97F4A7C15u;
    const char *bytes = data;
    apr_uint64_t hash = before ^ len, word;

    for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = (hash ^ word) * prime;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, bytes, len);
    hash = (hash ^ word) * prime;
    return hash ^ hash >> 32;
}

#endif
