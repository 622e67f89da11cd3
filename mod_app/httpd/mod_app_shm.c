/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory that the children share and that outlives a graceful restart: anonymous mappings made in
 * the parent, inherited by fork, so that nothing has a name and nothing is left behind by a crash.
 * The list of them is retained data of httpd, because a restart destroys every pool of the
 * configuration. Main thread of the parent; each (re)start is one round: begin, share…, end.
 *
 * A child of the old generation keeps its own mapping until it ends, also of what end() gives back.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "mod_app.h"

#include "apr_strings.h"

#define RETAINED_KEY "mod_app/shm"

typedef struct segment_t {
    struct segment_t *next;
    void             *base;
    apr_size_t        size;
    unsigned          round; /* when it was last asked for */
    char              key[];
} segment_t;

typedef struct segments_t {
    segment_t *first;
    unsigned   round;
} segments_t;

static segments_t *segments(void)
{
    segments_t *list = ap_retained_data_get(RETAINED_KEY);

    return list ? list : ap_retained_data_create(RETAINED_KEY, sizeof(segments_t));
}

static segment_t *find(segments_t *list, const char *key, apr_size_t size)
{
    segment_t *segment;

    for (segment = list->first; segment; segment = segment->next) {
        if (segment->size == size && strcmp(segment->key, key) == 0) {
            return segment;
        }
    }
    return NULL;
}

/** From malloc, not from a pool: the pools that live long enough never shrink. */
static segment_t *make(segments_t *list, const char *key, apr_size_t size)
{
    apr_size_t len = strlen(key) + 1;
    segment_t *segment = malloc(sizeof(*segment) + len);

    if (!segment) {
        return NULL;
    }
    segment->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (segment->base == MAP_FAILED) {
        free(segment);
        return NULL;
    }
    segment->size = size;
    memcpy(segment->key, key, len);
    segment->next = list->first;
    list->first = segment;
    return segment;
}

void app_httpd_shm_begin(void)
{
    segments()->round++;
}

apr_status_t app_httpd_shm_share(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                                 app_error_t *err)
{
    segments_t *list = segments();
    segment_t *segment = find(list, key, size);

    (void)pconf;
    if (!segment) {
        segment = make(list, key, size);
    }
    if (!segment) {
        return app_fail(err, APP_E_INTERNAL,
                        "%" APR_SIZE_T_FMT " bytes of shared memory for \"%s\" cannot be had", size,
                        key);
    }
    segment->round = list->round;
    *pbase = segment->base;
    return APR_SUCCESS;
}

void app_httpd_shm_end(void)
{
    segments_t *list = segments();
    segment_t **place = &list->first;

    while (*place) {
        segment_t *segment = *place;

        if (segment->round == list->round) {
            place = &segment->next;
            continue;
        }
        *place = segment->next;
        munmap(segment->base, segment->size);
        free(segment);
    }
}
