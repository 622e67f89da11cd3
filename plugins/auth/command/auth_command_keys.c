/* SPDX-License-Identifier: Apache-2.0 */
/** appctl keys: lists what tokens are signed and verified with, and changes the file of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

#include "auth_command.h"
#include "auth_key_int.h"
#include "auth_token_explain.h"

#define FILE_MAX (64 * 1024) /* bytes, as a file of a secret may have */

static app_command_e misused(app_error_t *err, const char *why)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s", why);
    return APP_COMMAND_USAGE;
}

static apr_status_t failed(app_error_t *err, const char *path, int why)
{
    char text[120];

    app_fail(err, APP_E_BAD_REQUEST, "%s: %s", path, apr_strerror(why, text, sizeof(text)));
    return why == EACCES
               ? app_hint(err, "Root works as the owner of the SQLite database, who may not. "
                               "It stays root with -f FILE, where FILE has no AppDatabase, but "
                               "JwtSecretFile in <AppPlugin auth>.")
               : APP_EFAIL;
}

static app_command_e list(const auth_t *auth, app_error_t *err)
{
    if (!auth->tokens) {
        app_fail(err, APP_E_JWT_SECRET, NULL);
        return APP_COMMAND_WRONG;
    }
    fputs(auth_tokens_list_keys(auth->tokens, err->pool), stdout);
    return APP_COMMAND_GOOD;
}

/* Rotate */

/** @param ptext NULL: there is no such file yet @param info of the file that there is */
static apr_status_t read_old(const char **ptext, struct stat *info, const char *path,
                             app_error_t *err)
{
    char *text = apr_palloc(err->pool, FILE_MAX + 1);
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *ptext = NULL;
    if (fd < 0) {
        return errno == ENOENT ? APR_SUCCESS : failed(err, path, errno);
    }
    if (fstat(fd, info) == 0 && S_ISREG(info->st_mode)) {
        len = read(fd, text, FILE_MAX + 1);
    }
    close(fd);
    while (len > 0 && strchr("\r\n", text[len - 1])) {
        len--;
    }
    if (len <= 0 || len > FILE_MAX || memchr(text, '\0', (size_t)len)) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s is no file of keys", path);
    }
    text[len] = '\0';
    *ptext = text;
    return APR_SUCCESS;
}

static int write_out(int fd, const char *text, const struct stat *owner)
{
    size_t len = strlen(text);

    if (owner && fchown(fd, owner->st_uid, owner->st_gid) != 0) {
        return errno;
    }
    return write(fd, text, len) == (ssize_t)len && fsync(fd) == 0 ? 0 : errno ? errno : EIO;
}

/** Whoever reads the file finds the old keys or the new ones, whole. */
static apr_status_t replace(const char *path, const char *text, const struct stat *owner,
                            app_error_t *err)
{
    const char *fresh = apr_pstrcat(err->pool, path, ".new", NULL);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int why;

    if (fd < 0) {
        why = errno;
        failed(err, fresh, why);
        return why == EEXIST
                   ? app_hint(err, "If no other appctl is at work, remove that file.")
                   : APP_EFAIL;
    }
    why = write_out(fd, text, owner);
    close(fd);
    if (!why && rename(fresh, path) != 0) {
        why = errno;
    }
    if (why) {
        unlink(fresh);
        return failed(err, path, why);
    }
    return APR_SUCCESS;
}

/** The file itself, where path is a link to it. */
static const char *resolve(const char *path, apr_pool_t *p)
{
    char *whole = realpath(path, NULL);
    const char *copy = whole ? apr_pstrdup(p, whole) : path;

    free(whole);
    return copy;
}

static apr_status_t rotate_file(const auth_t *auth, const char *path, json_t *key,
                                apr_int64_t keep_from, app_error_t *err)
{
    const char *old, *text, *wrong;
    struct stat info;
    auth_keys_t *keys;
    int dropped;

    path = resolve(path, err->pool);
    if (read_old(&old, &info, path, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (old && auth_keys_form(old) == AUTH_KEYS_TEXT &&
        (!auth->conf->jwt_secret || !auth_same(old, auth->conf->jwt_secret))) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s holds neither JWK nor PEM, and is not the "
                        "site's JwtSecret", path);
    }
    wrong = auth_keys_rotated(&text, &dropped, old, key, keep_from, err->pool);
    if (wrong) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s: %s", path, wrong);
    }
    if (strlen(text) > FILE_MAX) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s would be larger than 64 KiB: take keys out of "
                        "it, or give a shorter --keep", path);
    }
    if (auth_keys_read(&keys, text, path, 0, err, err->pool) != APR_SUCCESS ||
        replace(path, text, old ? &info : NULL, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    printf("New key %s in front of %s; %d left out.\n",
           json_string_value(json_object_get(key, "kid")), path, dropped);
    fputs("Tokens are signed with it after a graceful restart (apachectl graceful).\n", stdout);
    return APR_SUCCESS;
}

static app_command_e rotate(const auth_t *auth, const char *path, const char *alg,
                            const char *keep, app_error_t *err)
{
    apr_int64_t seconds, now = auth_now();
    json_t *key;

    if (!path) {
        return misused(err, "keys rotate takes the --file that JwtSecretFile names");
    }
    if (auth_command_duration(&seconds, keep ? keep : "7d", "--keep", err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (auth->conf->jwt_secret_is_base64) {
        app_fail(err, APP_E_BAD_REQUEST, "JwtSecretIsBase64 is on: decode the file first, and take "
                                         "that setting out");
        return APP_COMMAND_WRONG;
    }
    key = auth_key_new(alg ? alg : "ES256", now, err->pool);
    if (!key) {
        return misused(err, "--alg takes ES256, ES384, RS256, EdDSA or HS256");
    }
    return rotate_file(auth, path, key, now - seconds, err) == APR_SUCCESS ? APP_COMMAND_GOOD
                                                                     : APP_COMMAND_WRONG;
}

app_command_e auth_command_keys(app_instance_t *self, int argc, const char *const *argv,
                                app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    const char *file = NULL, *alg = NULL, *keep = NULL;
    const app_option_t options[] = { { .name = "--file", .value = &file },
                                     { .name = "--alg", .value = &alg },
                                     { .name = "--keep", .value = &keep },
                                     { .name = NULL } };
    const char *const *words;
    int count;

    if (app_command_read(&words, &count, argc, argv, options, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (count == 1 && strcmp(words[0], "list") == 0) {
        return list(auth, err);
    }
    if (count == 1 && strcmp(words[0], "rotate") == 0) {
        return rotate(auth, file, alg, keep, err);
    }
    return misused(err, "keys takes list or rotate");
}
