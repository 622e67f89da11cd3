/* SPDX-License-Identifier: Apache-2.0 */
/** A host for a core in a test: it logs nothing, and its shared memory outlives a fork. */
#ifndef UNIT_HOST_H
#define UNIT_HOST_H

#include "unit.h"

#include <sys/mman.h>

#include "app_core_int.h"

static void host_log(app_log_level_e level, void *request, const char *line)
{
    (void)level;
    (void)request;
    (void)line;
}

static apr_status_t host_share(const char *key, apr_size_t size, void **pbase, apr_pool_t *p,
                               app_error_t *err)
{
    (void)key;
    (void)p;
    (void)err;
    *pbase = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *pbase == MAP_FAILED ? APR_ENOMEM : APR_SUCCESS;
}

static const app_host_t host = { .name = "test", .log = host_log, .share = host_share };

#endif
