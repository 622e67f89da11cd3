/* SPDX-License-Identifier: Apache-2.0 */
/** Settings of mail: auth.c puts the rows into the plugin's table. */
#ifndef AUTH_MAIL_CONF_H
#define AUTH_MAIL_CONF_H

#include "apr_time.h"

#include "app_settings.h"

typedef struct auth_mail_conf_t {
    const char *server, *user, *password, *ca_file;
    const char *spool;
    const char *from;
    const char *templates;
    const char *site_url, *site_name, *auth_url;
    const apr_array_header_t *redirects, *invite_roles;
    int                 tls, language;
    apr_interval_time_t interval;
    apr_int64_t         an_hour, a_minute;
    apr_interval_time_t link_lifetime, invite_lifetime;
} auth_mail_conf_t;

typedef enum auth_mail_tls_e { AUTH_MAIL_TLS_REQUIRED, AUTH_MAIL_TLS_OFF } auth_mail_tls_e;
typedef enum auth_mail_language_e { AUTH_MAIL_ENGLISH, AUTH_MAIL_GERMAN } auth_mail_language_e;

#define AUTH_MAIL_TLS_WORDS      ((const char *const[]){ "required", "off", NULL })
#define AUTH_MAIL_LANGUAGE_WORDS ((const char *const[]){ "en", "de", NULL })

/** Rows for a struct that has an auth_mail_conf_t as its member mail. */
#define AUTH_MAIL_SETTINGS(conf)                                                                  \
    APP_SET_STRING("SiteUrl", conf, mail.site_url, NULL, 0,                                       \
                   "page of the site, as in https://example.org/: where links in mails lead in "  \
                   "the end; nothing is mailed without it"),                                      \
    APP_SET_STRING("SiteName", conf, mail.site_name, NULL, 0,                                     \
                   "what mails call the site; without it the host of SiteUrl"),                   \
    APP_SET_STRING("AuthUrl", conf, mail.auth_url, NULL, 0,                                       \
                   "where clients reach this plugin; without it /api/auth at the host of "        \
                   "SiteUrl"),                                                                    \
    APP_SET_LIST("RedirectUrls", conf, mail.redirects, NULL, 0,                                   \
                 "further pages to which clients may have links lead; one that ends with * "      \
                 "stands for all that begin like it"),                                            \
    APP_SET_STRING("MailServer", conf, mail.server, NULL, 0,                                      \
                   "smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT"),                           \
    APP_SET_STRING("MailUser", conf, mail.user, NULL, 0, "who signs in to MailServer"),           \
    APP_SET_SECRET("MailPassword", conf, mail.password, 0, "and with what"),                      \
    APP_SET_ENUM("MailTls", conf, mail.tls, "required", AUTH_MAIL_TLS_WORDS, 0,                   \
                 "whether MailServer must encrypt and show a valid certificate; off is for one "  \
                 "on the same machine"),                                                          \
    APP_SET_PATH("MailCaFile", conf, mail.ca_file, NULL, 0,                                       \
                 "certificates that MailServer's is checked against, in place of the system's"),  \
    APP_SET_PATH("MailSpool", conf, mail.spool, NULL, 0,                                          \
                 "folder for mails, a file each, where there is no MailServer"),                  \
    APP_SET_STRING("MailFrom", conf, mail.from, NULL, 0,                                          \
                   "sender of mails: \"Shop <noreply@example.org>\""),                            \
    APP_SET_PATH("MailTemplates", conf, mail.templates, NULL, 0,                                  \
                 "folder of texts (signup.txt, recovery.txt …) in place of the built-in ones"),   \
    APP_SET_ENUM("MailLanguage", conf, mail.language, "en", AUTH_MAIL_LANGUAGE_WORDS, 0,          \
                 "of the built-in texts"),                                                        \
    APP_SET_DURATION("MailInterval", conf, mail.interval, "1m", APR_USEC_PER_SEC,                 \
                     3600 * APR_USEC_PER_SEC, 0,                                                  \
                     "shortest time between two mails to one address"),                           \
    APP_SET_INT("MailsPerHour", conf, mail.an_hour, "6", 1, 3600, 0,                              \
                "most mails to one address in an hour"),                                          \
    APP_SET_INT("MailsPerMinute", conf, mail.a_minute, "60", 1, 100000, 0,                        \
                "most mails in a minute to all; others wait"),                                    \
    APP_SET_DURATION("LinkLifetime", conf, mail.link_lifetime, "1h", 60 * APR_USEC_PER_SEC,       \
                     86400 * APR_USEC_PER_SEC, 0, "how long links and codes in mails are good"),  \
    APP_SET_DURATION("InviteLifetime", conf, mail.invite_lifetime, "7d", 3600 * APR_USEC_PER_SEC, \
                     90 * 86400 * APR_USEC_PER_SEC, 0, "how long invitations are good"),          \
    APP_SET_LIST("InviteRoles", conf, mail.invite_roles, NULL, 0,                                 \
                 "roles that may invite through the API; appctl always may")

#endif
