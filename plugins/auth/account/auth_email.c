/* SPDX-License-Identifier: Apache-2.0 */
/** Addresses and names as they are stored (auth_user.h). Any thread. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_http.h"
#include "auth_user.h"

/* Bytes (RFC 5321 4.5.3.1; the whole as of RFC 3696, erratum 1690). */
#define LOCAL_MAX 64
#define EMAIL_MAX 254
#define NAME_LENGTH 64

const char *auth_lower(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text), *at;

    for (at = copy; *at; at++) {
        if (*at >= 'A' && *at <= 'Z') {
            *at = (char)(*at | 0x20);
        }
    }
    return copy;
}

/** What stands in a dot-atom (RFC 5322 3.2.3) or, beyond ASCII, in an address of RFC 6531. */
static int is_local(unsigned char c)
{
    return apr_isalnum(c) || (c && strchr(".!#$%&'*+/=?^_`{|}~-", c)) || c >= 0x80;
}

static int is_domain(unsigned char c)
{
    return apr_isalnum(c) || c == '.' || c == '-' || c >= 0x80;
}

/** Words divided by single dots, all of characters that is_good() likes. */
static int is_dotted(const char *text, apr_size_t len, int (*is_good)(unsigned char))
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!is_good((unsigned char)text[i]) ||
            (text[i] == '.' && (i == 0 || i == len - 1 || text[i - 1] == '.'))) {
            return 0;
        }
    }
    return len > 0;
}

static int is_email(const char *text)
{
    apr_size_t len = strlen(text);
    const char *sign = len <= EMAIL_MAX ? strchr(text, '@') : NULL;

    return sign && sign - text <= LOCAL_MAX && app_utf8_valid(text, len) &&
           is_dotted(text, (apr_size_t)(sign - text), is_local) &&
           is_dotted(sign + 1, strlen(sign + 1), is_domain);
}

apr_status_t auth_email_read(const char **pemail, const char *text, app_error_t *err,
                             apr_pool_t *p)
{
    if (!is_email(text)) {
        return auth_fail(err, 422, "email_address_invalid", "This is not an e-mail address");
    }
    *pemail = auth_lower(text, p);
    return APR_SUCCESS;
}

apr_status_t auth_name_read(const char **pname, const char *text, app_error_t *err, apr_pool_t *p)
{
    apr_size_t len = strlen(text);
    const char *name = auth_lower(text, p);

    if (len == 0 || len > NAME_LENGTH ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != len) {
        return auth_fail(err, 422, "validation_failed",
                         "A name has 1 to %d characters: letters, digits, \".\", \"_\" and \"-\"",
                         NAME_LENGTH);
    }
    *pname = name;
    return APR_SUCCESS;
}
