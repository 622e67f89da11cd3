/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sees that the program, its settings or a plugin were replaced, as httpd would be told by a
 * graceful restart. The main thread of the FastCGI process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "apr_file_info.h"
#include "apr_strings.h"

#include "app_cgi_int.h"

#define FILES 3

extern char **environ;

typedef struct look_t {
    apr_ino_t  inode;
    apr_off_t  size;
    apr_time_t mtime;
} look_t;

struct app_cgi_watch_t {
    const char *program;
    const char *files[FILES]; /* NULL: none */
    look_t      known[FILES]; /* what this process runs with, or has refused */
    look_t      last[FILES];
    apr_pool_t *scratch;
};

static void look(const app_cgi_watch_t *watch, look_t *looks)
{
    int i;

    for (i = 0; i < FILES; i++) {
        apr_finfo_t info = { .inode = 0 };
        apr_int32_t wanted = APR_FINFO_INODE | APR_FINFO_SIZE | APR_FINFO_MTIME;

        if (watch->files[i] &&
            apr_stat(&info, watch->files[i], wanted, watch->scratch) == APR_SUCCESS) {
            looks[i] = (look_t){ info.inode, info.size, info.mtime };
        }
        else {
            looks[i] = (look_t){ 0, 0, 0 };
        }
    }
    apr_pool_clear(watch->scratch);
}

static int same(const look_t *a, const look_t *b)
{
    int i;

    for (i = 0; i < FILES; i++) {
        if (a[i].inode != b[i].inode || a[i].size != b[i].size || a[i].mtime != b[i].mtime) {
            return 0;
        }
    }
    return 1;
}

app_cgi_watch_t *app_cgi_watch_make(const app_cgi_setup_t *setup, apr_pool_t *p)
{
    app_cgi_watch_t *watch = apr_pcalloc(p, sizeof(*watch));

    watch->program = setup->program;
    watch->files[0] = setup->program;
    watch->files[1] = setup->settings;
    watch->files[2] = app_core_plugin_dir(setup->core);
    apr_pool_create(&watch->scratch, p);
    look(watch, watch->known);
    memcpy(watch->last, watch->known, sizeof(watch->last));
    return watch;
}

/** Runs the new program with the new settings just far enough to see whether they are good. */
static int is_good(const app_cgi_watch_t *watch)
{
    char *const argv[] = { apr_pstrdup(watch->scratch, watch->program),
                           apr_pstrdup(watch->scratch, "--check"), NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    int code = -1, rv;

    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    /* Its standard input must not be the listening socket, or it would serve. */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    rv = posix_spawn(&pid, watch->program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    while (rv == 0 && waitpid(pid, &code, 0) < 0 && errno == EINTR) {
    }
    return rv == 0 && WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

int app_cgi_watch_changed(app_cgi_watch_t *watch)
{
    look_t now[FILES];
    int still;

    look(watch, now);
    still = same(now, watch->last);
    memcpy(watch->last, now, sizeof(now));
    if (!still || same(now, watch->known)) {
        return 0;
    }
    memcpy(watch->known, now, sizeof(now));
    if (!is_good(watch)) {
        app_log(APP_LOG_ERROR, NULL, "APP0420",
                "the program or its settings were changed and are not good; the old ones stay in "
                "use");
        return 0;
    }
    return 1;
}
