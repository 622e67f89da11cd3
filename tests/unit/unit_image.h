/* SPDX-License-Identifier: Apache-2.0 */
/** Snapshots through an image: made, checked, and opened where they were not made for. */
#ifndef UNIT_IMAGE_H
#define UNIT_IMAGE_H

#include "unit.h"

#include <stdlib.h>

#include "rest_image.h"

static const rest_image_key_t image_key = { "a key of the tests" };

static inline apr_status_t image_free(void *body)
{
    free(body);
    return APR_SUCCESS;
}

/** A copy of an image's body that valgrind and sanitizers see the ends of. */
static inline char *image_body(const rest_packed_t *packed)
{
    char *body = malloc(packed->header.length);

    memcpy(body, packed->body, packed->header.length);
    apr_pool_cleanup_register(unit_pool, body, image_free, apr_pool_cleanup_null);
    return body;
}

static inline int image_check(const rest_packed_t *packed, const char *body)
{
    return rest_image_check(&packed->header, body, packed->header.body + packed->header.length,
                            &image_key);
}

/** The same snapshot from an image of it. What it was made from, in a pool of its own, is gone. */
static inline rest_schema_t *image_reopened(rest_schema_t *schema)
{
    const rest_schema_t before = *schema;
    rest_packed_t packed;
    char *body;

    assert_int_equal(rest_image_pack(&packed, schema, &image_key, unit_pool), APR_SUCCESS);
    apr_pool_destroy(schema->pool);
    body = image_body(&packed);
    assert_true(image_check(&packed, body));
    assert_int_equal(rest_image_open(&schema, &packed.header, body), APR_SUCCESS);
    schema->pool = unit_pool;
    schema->further = before.further;
    return schema;
}

#endif
