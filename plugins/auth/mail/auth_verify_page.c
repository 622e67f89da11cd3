/* SPDX-License-Identifier: Apache-2.0 */
/**
 * GET verify: the page that links in mails lead to. It changes nothing by itself: programs that
 * open links in advance (mail scanners, previews) use no token up, only a person's click on the
 * button does, which posts the form. The page is the same for everybody: what the link brings
 * stands behind "#", where no server sees it, and only the page's own script reads it. Thread of
 * the request.
 */
#include "apr_strings.h"

#include "auth_http.h"
#include "auth_mail_endpoints.h"

#define PAGE_MAX 8192

typedef struct words_t {
    const char *language, *title, *text, *button, *broken;
} words_t;

static const words_t words[] = {
    [AUTH_MAIL_ENGLISH] = { "en", "One more step", "Press the button to go on.", "Continue",
                            "This link is not complete. Copy all of it from the mail." },
    [AUTH_MAIL_GERMAN] = { "de", "Noch ein Schritt", "Weiter geht es mit einem Klick.", "Weiter",
                           "Der Link ist nicht vollständig. Kopieren Sie ihn ganz aus der Mail." },
};

/* %s: language, title, nonce, title, text, button, text of a broken link, nonce */
static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"%s\">\n<meta charset=\"utf-8\">\n<title>%s</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<style nonce=\"%s\">body{font:18px/1.5 sans-serif;max-width:26em;margin:4em auto;"
    "padding:0 1em}button{font:inherit;padding:.5em 2em}</style>\n"
    "<h1>%s</h1>\n"
    "<form method=\"post\" action=\"verify\" hidden>\n"
    "<p>%s</p>\n"
    "<input type=\"hidden\" name=\"token_hash\">"
    "<input type=\"hidden\" name=\"type\">"
    "<input type=\"hidden\" name=\"redirect_to\">\n"
    "<button>%s</button>\n</form>\n"
    "<p id=\"broken\">%s</p>\n"
    "<script nonce=\"%s\">\n"
    "const given = new URLSearchParams((location.hash || location.search).slice(1));\n"
    "const form = document.forms[0];\n"
    "for (const name of ['token_hash', 'type', 'redirect_to']) {\n"
    "    const value = given.get(name) || (name === 'token_hash' && given.get('token'));\n"
    "    if (value) form.elements[name].value = value; else form.elements[name].remove();\n"
    "}\n"
    "if (form.elements.token_hash && form.elements.type) {\n"
    "    form.hidden = false;\n"
    "    document.getElementById('broken').remove();\n"
    "    history.replaceState(null, '', location.pathname);\n"
    "}\n"
    "</script>\n";

apr_status_t auth_verify_get(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    const words_t *w = &words[auth->conf->mail.language];
    apr_pool_t *p = app_request_pool(r);
    const char *nonce = auth_random("", p);
    app_buf_t html;

    (void)err;
    app_buf_init(&html, p, PAGE_MAX);
    app_buf_addf(&html, page, w->language, w->title, nonce, w->title, w->text, w->button, w->broken,
                 nonce);
    app_response_type(res, "text/html; charset=utf-8");
    app_response_header(res, "Cache-Control", "no-store");
    app_response_header(res, "Referrer-Policy", "same-origin");
    app_response_header(res, "X-Content-Type-Options", "nosniff");
    app_response_header(res, "Content-Security-Policy",
                        apr_psprintf(p, "default-src 'none'; script-src 'nonce-%s'; style-src "
                                     "'nonce-%s'; base-uri 'none'; frame-ancestors 'none'", nonce,
                                     nonce));
    return app_response_write(res, html.data, html.len);
}
