/* SPDX-License-Identifier: Apache-2.0 */
/** Mails as bytes (RFC 5322, 2045, 2047). Called by whoever sends; any thread. */
#include <string.h>

#include "apr_encode.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_plugin.h"
#include "auth_mail_message.h"

#define ADDRESS_MAX 254
#define LOCAL_MAX   64
#define MESSAGE_MAX (256 * 1024)
#define WORD_BYTES  39 /* of text in one encoded word, so that it fits behind "Subject: " in 76 */
#define LINE_LENGTH    76 /* quoted-printable */

/** Dot-string of RFC 5321, without the quoted form that nobody uses. */
static int is_local(const char *text, apr_size_t len)
{
    apr_size_t i;

    if (len == 0 || len > LOCAL_MAX || text[0] == '.' || text[len - 1] == '.') {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (!apr_isalnum(text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", text[i])) {
            return 0;
        }
        if (text[i] == '.' && text[i + 1] == '.') {
            return 0;
        }
    }
    return 1;
}

static int is_domain(const char *text)
{
    apr_size_t len = strlen(text), i;

    if (len == 0 || !apr_isalnum(text[0]) || !apr_isalnum(text[len - 1])) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (!apr_isalnum(text[i]) && text[i] != '-' && text[i] != '.') {
            return 0;
        }
        if (text[i] == '.' && text[i + 1] == '.') {
            return 0;
        }
    }
    return 1;
}

int auth_mail_address_good(const char *address)
{
    const char *at = strrchr(address, '@');

    return at && strlen(address) <= ADDRESS_MAX && is_local(address, (apr_size_t)(at - address)) &&
           is_domain(at + 1);
}

apr_status_t auth_mail_from_parse(const char **pname, const char **paddress, const char *from,
                                  apr_pool_t *p)
{
    const char *open = strrchr(from, '<');
    const char *end = from + strlen(from);
    const char *address = from;
    const char *name = NULL;

    if (open && end[-1] != '>') {
        return APR_EINVAL;
    }
    if (open) {
        address = apr_pstrndup(p, open + 1, (apr_size_t)(end - open) - 2);
        while (open > from && open[-1] == ' ') {
            open--;
        }
        name = open > from ? apr_pstrndup(p, from, (apr_size_t)(open - from)) : NULL;
    }
    if (!auth_mail_address_good(address)) {
        return APR_EINVAL;
    }
    *pname = name;
    *paddress = address;
    return APR_SUCCESS;
}

/** Whether a text may stand in a header as it is, on a line of its own. */
static int is_plain(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (!apr_isalnum(*c) && !strchr(" -_.,:!?'/()", *c)) {
            return 0;
        }
    }
    return c - text <= WORD_BYTES && !strstr(text, "=?");
}

static const char *without_controls(const char *text, apr_pool_t *p)
{
    char *clean = apr_pstrdup(p, text);
    char *c;

    for (c = clean; *c; c++) {
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
    }
    return clean;
}

/** Length of what goes into the next encoded word: no character is cut apart. */
static apr_size_t word_length(const char *text)
{
    apr_size_t len = strlen(text);

    if (len <= WORD_BYTES) {
        return len;
    }
    len = WORD_BYTES;
    while (len > WORD_BYTES - 4 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    return len;
}

/** An unstructured text, or a phrase; folded between encoded words. */
static void add_text(app_buf_t *buf, const char *text, apr_pool_t *p)
{
    const char *at = without_controls(text, p);

    if (is_plain(at)) {
        app_buf_adds(buf, at);
        return;
    }
    while (*at) {
        apr_size_t len = word_length(at);

        app_buf_addf(buf, "=?utf-8?B?%s?=",
                     apr_pencode_base64(p, at, (apr_ssize_t)len, APR_ENCODE_NONE, NULL));
        at += len;
        app_buf_adds(buf, *at ? "\r\n " : "");
    }
}

/** A phrase in front of an address: what is plain is still quoted where it has specials. */
static void add_mailbox(app_buf_t *buf, const char *name, const char *address, apr_pool_t *p)
{
    if (name && is_plain(name) && strpbrk(name, ".,:()")) {
        app_buf_addf(buf, "\"%s\" ", without_controls(name, p));
    }
    else if (name) {
        add_text(buf, name, p);
        app_buf_addc(buf, ' ');
    }
    app_buf_addf(buf, "<%s>", address);
}

/** RFC 5322 3.3 wants a zone in digits; "GMT" is obsolete. */
static const char *date_of(apr_time_t at, apr_pool_t *p)
{
    char text[APR_RFC822_DATE_LEN];

    apr_rfc822_date(text, at);
    return apr_psprintf(p, "%.25s +0000", text);
}

/** One character, behind a soft line break where it would not fit. @return length of the line */
static int add_quoted(app_buf_t *buf, int line, unsigned char c, int at_end)
{
    int plain = (c >= 0x21 && c <= 0x7e && c != '=') || ((c == ' ' || c == '\t') && !at_end);
    int width = plain ? 1 : 3;

    if (line + width > LINE_LENGTH - 1) {
        app_buf_adds(buf, "=\r\n");
        line = 0;
    }
    if (plain) {
        app_buf_addc(buf, (char)c);
    }
    else {
        app_buf_addf(buf, "=%02X", c);
    }
    return line + width;
}

static void add_body(app_buf_t *buf, const char *body)
{
    int line = 0;
    const char *c;

    for (c = body; *c; c++) {
        if (*c == '\r' && c[1] == '\n') {
            continue;
        }
        if (*c == '\n') {
            app_buf_adds(buf, "\r\n");
            line = 0;
            continue;
        }
        line = add_quoted(buf, line, (unsigned char)*c, c[1] == '\n' || c[1] == '\r' || !c[1]);
    }
    app_buf_adds(buf, line ? "\r\n" : "");
}

const char *auth_mail_message(const auth_mail_message_t *mail, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, MESSAGE_MAX);
    app_buf_addf(&buf, "Date: %s\r\nFrom: ", date_of(mail->at, p));
    add_mailbox(&buf, mail->from_name, mail->from, p);
    app_buf_addf(&buf, "\r\nTo: <%s>\r\nSubject: ", mail->to);
    add_text(&buf, mail->subject, p);
    app_buf_addf(&buf, "\r\nMessage-ID: <%s@%s>\r\n", mail->id, strrchr(mail->from, '@') + 1);
    app_buf_adds(&buf, "Auto-Submitted: auto-generated\r\n" /* RFC 3834: nobody's holiday answers */
                       "MIME-Version: 1.0\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\n"
                       "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    add_body(&buf, mail->body);
    return buf.data;
}
