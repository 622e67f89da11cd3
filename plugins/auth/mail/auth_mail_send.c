/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SMTP by libcurl, or files in a folder. Called by the thread that empties the queue
 * (auth_mail_queue.c), and by appctl; never by that of a request.
 */
#include <string.h>

#include <curl/curl.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "auth_mail_send.h"

#define CONNECT_SECONDS 10L
#define SEND_SECONDS    60L
#define NAME_MAX_BYTES  300

struct auth_mail_way_t {
    const auth_mail_conf_t *conf;
    const volatile int     *stop;
    CURL                   *curl; /* NULL: a folder, or no memory */
};

typedef struct upload_t {
    const char *at;
    apr_size_t  left;
} upload_t;

void auth_mail_send_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* counts its callers, and is thread-safe since 7.84 */
}

static size_t read_upload(char *to, size_t size, size_t count, void *baton)
{
    upload_t *upload = baton;
    apr_size_t len = size * count < upload->left ? size * count : upload->left;

    memcpy(to, upload->at, len);
    upload->at += len;
    upload->left -= len;
    return len;
}

static int look_up(void *baton, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                   curl_off_t ulnow)
{
    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    return *(const volatile int *)baton;
}

static void set_up(CURL *curl, const auth_mail_way_t *way)
{
    const auth_mail_conf_t *conf = way->conf;

    curl_easy_setopt(curl, CURLOPT_URL, conf->server);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* http_proxy is for others */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, SEND_SECONDS);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(conf->tls == AUTH_MAIL_TLS_OFF ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (conf->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, conf->ca_file);
    }
    if (conf->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, conf->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, conf->password ? conf->password : "");
    }
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)way->stop);
}

static apr_status_t clean_up(void *way)
{
    curl_easy_cleanup(((auth_mail_way_t *)way)->curl);
    return APR_SUCCESS;
}

auth_mail_way_t *auth_mail_way_open(const auth_mail_conf_t *conf, const volatile int *stop,
                                    apr_pool_t *p)
{
    auth_mail_way_t *way = apr_pcalloc(p, sizeof(*way));

    way->conf = conf;
    way->stop = stop;
    if (conf->server) {
        way->curl = curl_easy_init();
        apr_pool_cleanup_register(p, way, clean_up, apr_pool_cleanup_null);
    }
    return way;
}

/** Codes of a server that will never take this mail: no such mailbox, or not one for it. */
static int is_final(long code)
{
    return code == 550 || code == 551 || code == 553;
}

static auth_mail_sent_e send_by_smtp(auth_mail_way_t *way, const auth_mail_message_t *mail,
                                     const char *message, const char **pwhy, apr_pool_t *p)
{
    upload_t upload = { .at = message, .left = strlen(message) };
    struct curl_slist *to = curl_slist_append(NULL, apr_psprintf(p, "<%s>", mail->to));
    char why[CURL_ERROR_SIZE] = "";
    long code = 0;
    CURLcode rc;

    set_up(way->curl, way);
    curl_easy_setopt(way->curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(way->curl, CURLOPT_MAIL_FROM, apr_psprintf(p, "<%s>", mail->from));
    curl_easy_setopt(way->curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(way->curl, CURLOPT_READDATA, &upload);
    rc = curl_easy_perform(way->curl);
    curl_easy_getinfo(way->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_reset(way->curl); /* what it points at is gone; the connection stays */
    curl_slist_free_all(to);
    if (rc == CURLE_OK) {
        return AUTH_MAIL_SENT;
    }
    *pwhy = apr_psprintf(p, "%s (%ld)", *why ? why : curl_easy_strerror(rc), code);
    return is_final(code) ? AUTH_MAIL_REFUSED : AUTH_MAIL_LATER;
}

static apr_status_t write_file(const char *path, const char *message, apr_pool_t *p)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path,
                                    APR_WRITE | APR_CREATE | APR_TRUNCATE | APR_BINARY,
                                    APR_UREAD | APR_UWRITE, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_write_full(file, message, strlen(message), NULL);
    rv = rv == APR_SUCCESS ? apr_file_sync(file) : rv;
    apr_file_close(file);
    return rv;
}

/** Under a name that no reader looks for first: who sees NAME.eml sees all of it. */
static auth_mail_sent_e put_into_folder(const auth_mail_way_t *way, const auth_mail_message_t *mail,
                                        const char *message, const char **pwhy, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, way->conf->spool, "/", mail->id, ".eml", NULL);
    const char *partial = apr_pstrcat(p, path, ".part", NULL);
    char why[NAME_MAX_BYTES];
    apr_status_t rv = write_file(partial, message, p);

    rv = rv == APR_SUCCESS ? apr_file_rename(partial, path, p) : rv;
    if (rv == APR_SUCCESS) {
        return AUTH_MAIL_SENT;
    }
    apr_file_remove(partial, p);
    *pwhy = apr_psprintf(p, "a file in MailSpool: %s", apr_strerror(rv, why, sizeof(why)));
    return AUTH_MAIL_LATER;
}

auth_mail_sent_e auth_mail_send(auth_mail_way_t *way, const auth_mail_message_t *mail,
                                const char *message, const char **pwhy, apr_pool_t *p)
{
    if (!way->conf->server) {
        return put_into_folder(way, mail, message, pwhy, p);
    }
    if (!way->curl) {
        *pwhy = "libcurl cannot be used";
        return AUTH_MAIL_LATER;
    }
    return send_by_smtp(way, mail, message, pwhy, p);
}
