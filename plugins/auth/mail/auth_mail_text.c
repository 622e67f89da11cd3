/* SPDX-License-Identifier: Apache-2.0 */
/** Texts of mails, called by auth_mail_deliver.c. Any thread. */
#include <string.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "auth_mail_text.h"

#define TEMPLATE_MAX 32768
#define TEXT_MAX     65536

static const struct {
    const char *purpose, *text[2]; /* by auth_mail_language_e */
} built_in[] = {
    { "signup",
      { "Confirm your address for {{site}}\n\n"
        "Welcome to {{site}}.\n\n"
        "To confirm that {{email}} is your address, open this page:\n\n{{link}}\n\n"
        "Or enter this code: {{code}}\n\n"
        "If you have not signed up, ignore this mail.\n",
        "Ihre Adresse für {{site}}\n\n"
        "Willkommen bei {{site}}.\n\n"
        "Bitte bestätigen Sie auf dieser Seite, dass {{email}} Ihre Adresse ist:\n\n{{link}}\n\n"
        "Oder geben Sie diesen Code ein: {{code}}\n\n"
        "Wenn Sie sich nicht angemeldet haben, ist nichts zu tun.\n" } },
    { "recovery",
      { "Sign in to {{site}} again\n\n"
        "Somebody, hopefully you, has asked for a new password for {{email}} at {{site}}.\n\n"
        "To choose one, open this page:\n\n{{link}}\n\n"
        "Or enter this code: {{code}}\n\n"
        "If it was not you, ignore this mail: nothing has changed.\n",
        "Neues Passwort für {{site}}\n\n"
        "Jemand, hoffentlich Sie, möchte ein neues Passwort für {{email}} bei {{site}}.\n\n"
        "Sie können es auf dieser Seite wählen:\n\n{{link}}\n\n"
        "Oder geben Sie diesen Code ein: {{code}}\n\n"
        "Wenn Sie es nicht waren, ist nichts zu tun: Nichts hat sich geändert.\n" } },
    { "invite",
      { "An invitation to {{site}}\n\n"
        "You have been invited to {{site}}.\n\n"
        "To accept, open this page:\n\n{{link}}\n\n"
        "Or enter this code: {{code}}\n",
        "Einladung zu {{site}}\n\n"
        "Sie sind zu {{site}} eingeladen.\n\n"
        "Auf dieser Seite nehmen Sie an:\n\n{{link}}\n\n"
        "Oder geben Sie diesen Code ein: {{code}}\n" } },
    { "email_change",
      { "Confirm your new address for {{site}}\n\n"
        "To sign in to {{site}} as {{email}} from now on, open this page:\n\n{{link}}\n\n"
        "Or enter this code: {{code}}\n\n"
        "If you have not asked for it, ignore this mail.\n",
        "Ihre neue Adresse für {{site}}\n\n"
        "Bitte bestätigen Sie auf dieser Seite, dass Sie sich bei {{site}} künftig als {{email}} "
        "anmelden:\n\n{{link}}\n\n"
        "Oder geben Sie diesen Code ein: {{code}}\n\n"
        "Wenn Sie das nicht wollten, ist nichts zu tun.\n" } },
    { "magiclink",
      { "Sign in to {{site}}\n\n"
        "To sign in to {{site}} as {{email}}, open this page:\n\n{{link}}\n\n"
        "Or enter this code: {{code}}\n\n"
        "If you have not asked for it, ignore this mail.\n",
        "Anmeldung bei {{site}}\n\n"
        "Auf dieser Seite melden Sie sich bei {{site}} als {{email}} an:\n\n{{link}}\n\n"
        "Oder geben Sie diesen Code ein: {{code}}\n\n"
        "Wenn Sie das nicht wollten, ist nichts zu tun.\n" } },
    { "test",
      { "A test of {{site}}\n\n"
        "{{site}} can send mail to {{email}}.\n",
        "Ein Test von {{site}}\n\n"
        "{{site}} kann {{email}} Post schicken.\n" } },
};

static const char *find_built_in(const char *purpose, int language)
{
    apr_size_t i;

    for (i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        if (strcmp(built_in[i].purpose, purpose) == 0) {
            return built_in[i].text[language];
        }
    }
    return NULL;
}

/** @return APR_SUCCESS; APR_ENOENT: there is no such file; another APR status */
static apr_status_t read_file(const char **ptext, const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_size_t len = 0;
    char *text;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = apr_pcalloc(p, TEMPLATE_MAX + 1);
    rv = apr_file_read_full(file, text, TEMPLATE_MAX, &len);
    apr_file_close(file);
    if (rv != APR_EOF || strlen(text) != len || !app_utf8_valid(text, len)) {
        return APR_EGENERAL; /* too long, or no text */
    }
    *ptext = text;
    return APR_SUCCESS;
}

static const char *value_of(const char *name, apr_size_t len, const auth_mail_words_t *words)
{
    const struct {
        const char *name, *value;
    } all[] = {
        { "email", words->email }, { "site", words->site },   { "link", words->link },
        { "code", words->code },   { "token", words->token },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strlen(all[i].name) == len && strncmp(all[i].name, name, len) == 0) {
            return all[i].value ? all[i].value : "";
        }
    }
    return NULL;
}

/** Puts values in the places of their names; what is no name stays as it is. */
static const char *fill(const char *text, const auth_mail_words_t *words, apr_pool_t *p)
{
    app_buf_t buf;
    const char *open, *close, *value;

    app_buf_init(&buf, p, TEXT_MAX);
    while ((open = strstr(text, "{{")) && (close = strstr(open, "}}"))) {
        value = value_of(open + 2, (apr_size_t)(close - open) - 2, words);
        app_buf_add(&buf, text, (apr_size_t)(open - text));
        if (value) {
            app_buf_adds(&buf, value);
        }
        else {
            app_buf_add(&buf, open, (apr_size_t)(close - open) + 2);
        }
        text = close + 2;
    }
    app_buf_adds(&buf, text);
    return buf.data;
}

apr_status_t auth_mail_text(const char **psubject, const char **pbody,
                            const auth_mail_conf_t *conf, const char *purpose,
                            const auth_mail_words_t *words, app_error_t *err, apr_pool_t *p)
{
    const char *text = find_built_in(purpose, conf->language);
    const char *path, *end, *body;
    apr_status_t rv = APR_ENOENT;

    if (conf->templates) {
        path = apr_pstrcat(p, conf->templates, "/", purpose, ".txt", NULL);
        rv = read_file(&text, path, p);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv)) {
        return app_fail(err, APP_E_INTERNAL, "the text %s.txt in MailTemplates cannot be read, or "
                        "is longer than %d bytes, or not UTF-8", purpose, TEMPLATE_MAX);
    }
    end = text ? strchr(text, '\n') : NULL;
    body = end ? end + 1 + strspn(end + 1, "\r") : NULL;
    if (!body || *body != '\n') {
        return app_fail(err, APP_E_INTERNAL, "the text %s.txt in MailTemplates must have the "
                        "subject as its first line and an empty second one", purpose);
    }
    end -= end > text && end[-1] == '\r';
    *psubject = fill(apr_pstrndup(p, text, (apr_size_t)(end - text)), words, p);
    *pbody = fill(body + 1, words, p);
    return APR_SUCCESS;
}
