/* SPDX-License-Identifier: Apache-2.0 */
/** SipHash-2-4: which bucket is whose, so that nobody outside can aim at somebody else's. */
#ifndef RATELIMIT_HASH_H
#define RATELIMIT_HASH_H

#include "apr.h"

#define RATELIMIT_SECRET_BYTES 16

/**
 * Keyed hash of label and data. Any thread.
 * @param label keeps apart what may not meet, whatever the data: the limit it is for
 */
apr_uint64_t ratelimit_hash(const unsigned char secret[RATELIMIT_SECRET_BYTES], apr_uint64_t label,
                            const void *data, apr_size_t len);

#endif
