/* SPDX-License-Identifier: Apache-2.0 */
/** Options and words behind a command of appctl (app_command.h). */
#include <string.h>

#include "app_core_int.h"

/** The option that a word names, alone or with "=value". */
static const app_option_t *find(const app_option_t *options, const char *word)
{
    apr_size_t len = strcspn(word, "=");

    for (; options->name; options++) {
        if (strncmp(options->name, word, len) == 0 && !options->name[len]) {
            return options;
        }
    }
    return NULL;
}

static apr_status_t set(const app_option_t *option, const char *value, app_error_t *err)
{
    if (option->values) {
        APR_ARRAY_PUSH(option->values, const char *) = value;
        return APR_SUCCESS;
    }
    if (*option->value) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s stands there twice", option->name);
    }
    *option->value = value;
    return APR_SUCCESS;
}

/** @param next the word behind, NULL at the end. @param pused 1: that was its value */
static apr_status_t take(int *pused, const app_option_t *options, const char *word,
                         const char *next, app_error_t *err)
{
    const app_option_t *option = find(options, word);
    const char *equals = strchr(word, '=');

    if (!option) {
        return app_fail(err, APP_E_BAD_REQUEST, "there is no option %s", word);
    }
    if (option->flag) {
        *option->flag = 1;
        return equals ? app_fail(err, APP_E_BAD_REQUEST, "%s takes no value", option->name)
                      : APR_SUCCESS;
    }
    if (!equals && !next) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s takes a value", option->name);
    }
    *pused = !equals;
    return set(option, equals ? equals + 1 : next, err);
}

apr_status_t app_command_read(const char *const **pwords, int *pcount, int argc,
                              const char *const *argv, const app_option_t *options,
                              app_error_t *err)
{
    const char **words = apr_pcalloc(err->pool, sizeof(*words) * ((apr_size_t)argc + 1));
    int i, count = 0, plain = 0, used;

    for (i = 0; i < argc; i++) {
        used = 0;
        if (!plain && strcmp(argv[i], "--") == 0) {
            plain = 1;
        }
        else if (plain || strncmp(argv[i], "--", 2) != 0) {
            words[count++] = argv[i];
        }
        else if (take(&used, options, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err) !=
                 APR_SUCCESS) {
            return APP_EFAIL;
        }
        i += used;
    }
    *pwords = words;
    *pcount = count;
    return APR_SUCCESS;
}
