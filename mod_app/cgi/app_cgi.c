/* SPDX-License-Identifier: Apache-2.0 */
/** app.cgi: finds out how it was started and goes that way. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apr_general.h"

#include "app_cgi_int.h"

static int is_listening(int fd)
{
    int listening = 0;
    socklen_t len = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/**
 * A request's query string can become the arguments of a CGI program (RFC 3875 4.4), so they are
 * looked at only when nothing says that there is a request.
 */
static int run(int argc, const char *const *argv, apr_pool_t *p)
{
    app_cgi_setup_t setup;

    if (is_listening(STDIN_FILENO)) {
        return app_fcgi_run(&setup, p);
    }
    if (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD")) {
        return app_cgi_plain_run(&setup, p);
    }
    return app_cgi_command_run(argc, argv, p);
}

int main(int argc, const char *const argv[])
{
    const char *const *arguments = argv;
    apr_pool_t *p;
    int code;

    if (apr_app_initialize(&argc, &arguments, NULL) != APR_SUCCESS) {
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    unsetenv("HTTP_PROXY"); /* may be a request's Proxy header, and libraries would obey it */
    apr_pool_create(&p, NULL);
    code = run(argc, arguments, p);
    apr_pool_destroy(p);
    apr_terminate();
    return code;
}
