/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads a password for appctl: a line of standard input, or from a terminal twice and unseen. Never
 * from the arguments, which every user of the machine can see. One thread.
 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "apr_strings.h"

#include "auth_command.h"

#define LINE_BYTES 1024

/** A line without its end. @return NULL: there is none, or it is too long */
static const char *read_line(apr_pool_t *p)
{
    char line[LINE_BYTES];
    const char *text;
    apr_size_t len;

    if (!fgets(line, sizeof(line), stdin)) {
        return NULL;
    }
    len = strcspn(line, "\r\n");
    text = line[len] || len < sizeof(line) - 1 ? apr_pstrmemdup(p, line, len) : NULL;
    explicit_bzero(line, sizeof(line));
    return text;
}

static const char *ask(const char *prompt, apr_pool_t *p)
{
    struct termios before, unseen;
    const char *text;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return NULL;
    }
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    text = read_line(p);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return text;
}

apr_status_t auth_command_password(const char **ppassword, app_error_t *err)
{
    const char *password, *again;

    if (!isatty(STDIN_FILENO)) {
        password = read_line(err->pool);
    }
    else {
        password = ask("New password: ", err->pool);
        again = ask("Once more: ", err->pool);
        if (password && again && strcmp(password, again) != 0) {
            return app_fail(err, APP_E_BAD_REQUEST, "the two passwords differ");
        }
    }
    if (!password) {
        return app_fail(err, APP_E_BAD_REQUEST,
                        "standard input has no line of at most %d bytes for the password",
                        LINE_BYTES - 2);
    }
    *ppassword = password;
    return APR_SUCCESS;
}
