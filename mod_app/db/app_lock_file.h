/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the processes that write an SQLite database share: two locks and two numbers, in a file
 * beside it.
 */
#ifndef APP_LOCK_FILE_H
#define APP_LOCK_FILE_H

#include "apr_pools.h"

#include "app_lock.h"

#define APP_LOCK_MAGIC 16

/** The file's content, mapped. */
typedef struct app_lock_file_t {
    char         magic[APP_LOCK_MAGIC]; /* written last */
    app_lock_t   write;   /* held over every write and checkpoint */
    app_lock_t   sync;    /* held while the log is brought to the disk */
    apr_uint64_t commits; /* so many there were since the file was made; changes under write */
    apr_uint64_t synced;  /* so many of them are on the disk; changes under sync */
} app_lock_file_t;

/**
 * Opens it for all processes that open the same path. The file is made if absent, with mode and
 * owner like mode_of's, and is mapped for the life of p. It stays behind when p goes; what a crash
 * of the machine left in it does no harm. Not before a fork, and not on a network file system.
 * @return APR_SUCCESS; APR_EMISMATCH if the file is something else; APR_TIMEUP; the error of the
 *         system
 */
apr_status_t app_lock_file_open(app_lock_file_t **pfile, const char *path, const char *mode_of,
                                apr_pool_t *p);

#endif
