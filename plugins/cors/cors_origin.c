/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Origins (RFC 6454 6.2: scheme "://" host [":" port]): which may stand in the settings, and which of
 * them a request's origin is. Called by cors.c; any thread.
 */
#include <string.h>

#include "apr_lib.h"

#include "cors_int.h"

#define SCHEME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789+-."
#define HOST_CHARS   "abcdefghijklmnopqrstuvwxyz0123456789-._"

int cors_origin_any(const apr_array_header_t *origins)
{
    return cors_list_has(origins, "*");
}

/** The "*" in front of a domain, where a host begins; NULL: the word is meant as it stands. */
static const char *find_star(const char *word)
{
    const char *host = strstr(word, "://");

    return host && host[3] == '*' && host[4] == '.' ? host + 3 : NULL;
}

/** Whether text is labels with a "." between each two, as a host's name is. */
static int are_labels(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!text[i] || !strchr(HOST_CHARS, text[i]) ||
            (text[i] == '.' && (i == 0 || i + 1 == len || text[i - 1] == '.'))) {
            return 0;
        }
    }
    return len > 0;
}

/** With a star scheme and end must be the same, and labels stand between them. */
static int matches(const char *word, const char *origin)
{
    const char *star = find_star(word);
    apr_size_t head, tail, len = strlen(origin);

    if (!star) {
        return strcmp(word, origin) == 0;
    }
    head = (apr_size_t)(star - word);
    tail = strlen(star + 1);
    return len > head + tail && strncmp(word, origin, head) == 0 &&
           strcmp(star + 1, origin + len - tail) == 0 &&
           are_labels(origin + head, len - head - tail);
}

int cors_origin_named(const apr_array_header_t *origins, const char *origin)
{
    int i;

    for (i = 0; i < origins->nelts; i++) {
        const char *word = APR_ARRAY_IDX(origins, i, const char *);

        if (strcmp(word, "*") != 0 && matches(word, origin)) {
            return 1;
        }
    }
    return 0;
}

/* Settings */

static const char *port_fault(const char *word, const char *port)
{
    apr_int64_t number;

    if (!*port) {
        return NULL;
    }
    if (!apr_isdigit(port[1]) || port[1] == '0' ||
        app_int64_parse(port + 1, strlen(port + 1), &number) != APR_SUCCESS || number > 65535) {
        return "has no port from 1 to 65535 behind its last colon";
    }
    if ((number == 443 && strncmp(word, "https:", 6) == 0) ||
        (number == 80 && strncmp(word, "http:", 5) == 0)) {
        return "names the port that is usual for its scheme, which browsers leave out";
    }
    return NULL;
}

/** Length of the host; 0: there is none that is right. */
static apr_size_t host_len(const char *host)
{
    apr_size_t len = strcspn(host, ":");

    if (*host == '[') { /* an IPv6 address */
        len = 1 + strspn(host + 1, "0123456789abcdef:.");
        return len > 1 && host[len] == ']' ? len + 1 : 0;
    }
    return are_labels(host, len) ? len : 0;
}

const char *cors_origin_fault(const char *word)
{
    apr_size_t scheme = strspn(word, SCHEME_CHARS), len;
    const char *star = find_star(word), *host;

    if (strcmp(word, "*") == 0 || strcmp(word, "null") == 0) {
        return NULL;
    }
    if (!apr_islower(*word) || strncmp(word + scheme, "://", 3) != 0) {
        return "does not begin with a scheme in small letters and \"://\"";
    }
    host = star ? star + 2 : word + scheme + 3;
    len = host_len(host);
    if (!len || (host[len] && host[len] != ':')) {
        return "has something else than a host (in small letters, without a path; names in other "
               "alphabets as xn--…) behind \"://\"";
    }
    return port_fault(word, host + len);
}
