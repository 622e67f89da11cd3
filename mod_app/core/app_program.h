/* SPDX-License-Identifier: Apache-2.0 */
/** Where a program of ours is and what lies beside it, for the hosts that are not httpd. */
#ifndef APP_PROGRAM_H
#define APP_PROGRAM_H

#include "apr_pools.h"

/** Path of the running program, links resolved. */
const char *app_program_path(apr_pool_t *p);

/** The folder that path lies in. */
const char *app_program_folder(const char *path, apr_pool_t *p);

/** The folder at path ("plugins", "../sql") below folder; NULL if there is none. */
const char *app_program_below(const char *folder, const char *path, apr_pool_t *p);
/** The same below the program's own folder. */
const char *app_program_beside(const char *path, apr_pool_t *p);

#endif
