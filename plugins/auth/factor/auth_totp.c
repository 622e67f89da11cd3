/* SPDX-License-Identifier: Apache-2.0 */
/** TOTP (RFC 6238) over HOTP (RFC 4226). Called by the endpoints of factors; any thread. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "apr_encode.h"
#include "apr_strings.h"

#include "app_plugin.h"
#include "auth_totp.h"

#define SECRET_BYTES 20 /* RFC 4226 4, R6 */
#define SKEW         1  /* steps; RFC 6238 5.2 */
#define MODULUS      1000000u

const char *auth_totp_secret(apr_pool_t *p)
{
    unsigned char bytes[SECRET_BYTES];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        abort();
    }
    return apr_pencode_base32_binary(p, bytes, sizeof(bytes), APR_ENCODE_NOPADDING, NULL);
}

apr_status_t auth_totp_code(char code[AUTH_TOTP_DIGITS + 1], const char *secret, apr_int64_t step,
                            apr_pool_t *p)
{
    unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
    const unsigned char *key, *at;
    apr_size_t key_len;
    unsigned len = 0;
    int i;

    key = apr_pdecode_base32_binary(p, secret, APR_ENCODE_STRING, APR_ENCODE_NONE, &key_len);
    if (!key || !key_len) {
        return APR_EINVAL;
    }
    for (i = 7; i >= 0; i--, step >>= 8) {
        counter[i] = (unsigned char)(step & 0xff);
    }
    if (!HMAC(EVP_sha1(), key, (int)key_len, counter, sizeof(counter), mac, &len)) {
        return APR_EGENERAL;
    }
    at = mac + (mac[len - 1] & 0x0f); /* RFC 4226 5.3 */
    apr_snprintf(code, AUTH_TOTP_DIGITS + 1, "%06u",
                 ((unsigned)(at[0] & 0x7f) << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 |
                  at[3]) % MODULUS);
    return APR_SUCCESS;
}

apr_int64_t auth_totp_match(const char *secret, const char *code, apr_int64_t now,
                            apr_int64_t last_step, apr_pool_t *p)
{
    apr_int64_t step = now / AUTH_TOTP_STEP - SKEW, end = step + 2 * SKEW, found = 0;
    char expected[AUTH_TOTP_DIGITS + 1];

    if (strlen(code) != AUTH_TOTP_DIGITS) {
        return 0;
    }
    for (; step <= end; step++) {
        if (step > last_step && auth_totp_code(expected, secret, step, p) == APR_SUCCESS &&
            CRYPTO_memcmp(expected, code, AUTH_TOTP_DIGITS) == 0) {
            found = step;
        }
    }
    return found;
}

const char *auth_totp_uri(const char *issuer, const char *account, const char *secret,
                          apr_pool_t *p)
{
    const char *by = app_url_encode(issuer, p);

    return apr_pstrcat(p, "otpauth://totp/", by, ":", app_url_encode(account, p), "?secret=",
                       secret, "&issuer=", by, "&algorithm=SHA1&digits=6&period=30", NULL);
}
