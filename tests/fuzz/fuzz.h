/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What all fuzz targets share. A target defines LLVMFuzzerTestOneInput(); libFuzzer's main() calls it,
 * or replay.c's with the files of its corpus. Input is copied to the heap, byte for byte, since a sanitizer
 * sees no step over the edge of pool memory.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"
#include "apr_strings.h"

#include "app_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A fresh pool, the same in each call: what came from it before is gone. Readies err. */
static inline apr_pool_t *fuzz_pool(app_error_t *err)
{
    static apr_pool_t *pool;

    if (!pool) {
        apr_initialize();
        atexit(apr_terminate); /* what the pool holds is no leak */
        apr_pool_create(&pool, NULL);
    }
    apr_pool_clear(pool);
    memset(err, 0, sizeof(*err));
    err->pool = pool;
    return pool;
}

/** The input as a text that ends with a NUL. free() it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

/** Stops the run: the target has broken a promise. */
static inline void fuzz_expect(int kept)
{
    if (!kept) {
        abort();
    }
}

/** What every function promises: it succeeds, or says what is wrong. */
static inline void fuzz_expect_status(apr_status_t status, const app_error_t *err)
{
    fuzz_expect(status == APR_SUCCESS || (status == APP_EFAIL && err->code && err->message));
}

#endif
