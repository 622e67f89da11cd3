/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Commands that a plugin adds to appctl. A command has a process of its own, which ends soon, and
 * one thread: memory may come from err->pool.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "apr_tables.h"

#include "app_error.h"
#include "app_log.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a command of appctl ends with: the program's exit code. */
typedef enum app_command_e {
    APP_COMMAND_GOOD = 0,
    APP_COMMAND_WRONG = 1, /* what was asked for failed, and err or the output says why */
    APP_COMMAND_USAGE = 2  /* the words are wrong; err says which: the usage is shown behind it */
} app_command_e;

/**
 * A row of the table of commands that the plugin adds to appctl. run() has a process of its own,
 * in which start() was called and nothing else runs; it prints to standard output.
 */
typedef struct app_command_t {
    const char *name;  /* "user"; NULL ends the table */
    const char *usage; /* lines of help, each ended by a line feed: "user add NAME\n" */
    /** @param argv the argc words behind the command, ended by NULL */
    app_command_e (*run)(app_instance_t *self, int argc, const char *const *argv,
                         app_error_t *err);
} app_command_t;

/** What a command understands beside its words. One of value, values and flag is set. */
typedef struct app_option_t {
    const char         *name;   /* "--user"; NULL ends the table */
    const char        **value;  /* takes one word, once */
    apr_array_header_t *values; /* of const char *: takes one word each time */
    int                *flag;   /* becomes 1 */
} app_option_t;

/**
 * Sorts what stands behind a command: options (also --name=value) from words, "--" ends the
 * options.
 * @param pwords the words, ended by NULL, in err->pool
 * @return APR_SUCCESS; APP_EFAIL: unknown, twice, without its value
 */
apr_status_t app_command_read(const char *const **pwords, int *pcount, int argc,
                              const char *const *argv, const app_option_t *options,
                              app_error_t *err);

#ifdef __cplusplus
}
#endif
#endif
