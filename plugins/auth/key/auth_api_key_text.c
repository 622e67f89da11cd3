/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a key is written. The prefix is for programs that look for secrets in places where they
 * should not be, the checksum for telling a slip from a guess without a database. Any thread.
 */
#include <string.h>

#include "auth_api_key_int.h"

#define PREFIX_LEN  (sizeof(AUTH_API_KEY_PREFIX) - 1)
#define RANDOM_AT   (PREFIX_LEN + AUTH_API_KEY_ID_LEN + 1)
#define RANDOM_LEN  43 /* of 62 letters: 256 bits */
#define CHECKED_LEN (RANDOM_AT + RANDOM_LEN)
#define CRC_LEN     6 /* of 62 letters: more than 32 bits */
#define ID_LETTERS  36

_Static_assert(CHECKED_LEN + CRC_LEN == AUTH_API_KEY_LEN, "length of a key");

static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

#define LETTERS (sizeof(letters) - 1)

/** Letters of which each is as likely as any other: bytes that would favour some are left out. */
static void add_random(char *to, apr_size_t count, unsigned of)
{
    const unsigned fair = 256 - 256 % of;
    unsigned char bytes[64];
    apr_size_t done = 0, i;

    while (done < count) {
        auth_random_bytes(bytes, sizeof(bytes));
        for (i = 0; i < sizeof(bytes) && done < count; i++) {
            if (bytes[i] < fair) {
                to[done++] = letters[bytes[i] % of];
            }
        }
    }
}

/** CRC-32 as in ISO-HDLC (zlib, PNG), four bits at a time. */
static apr_uint32_t crc32_of(const char *text, apr_size_t len)
{
    static const apr_uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
    };
    apr_uint32_t crc = 0xffffffff;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

static void write_crc(char *to, const char *text)
{
    apr_uint32_t crc = crc32_of(text, CHECKED_LEN);
    int i;

    for (i = CRC_LEN - 1; i >= 0; i--) {
        to[i] = letters[crc % LETTERS];
        crc /= LETTERS;
    }
}

const char *auth_api_key_id(apr_pool_t *p)
{
    char *id = apr_pcalloc(p, AUTH_API_KEY_ID_LEN + 1);

    add_random(id, AUTH_API_KEY_ID_LEN, ID_LETTERS);
    return id;
}

const char *auth_api_key_make(const char *id, apr_pool_t *p)
{
    char *text = apr_pcalloc(p, AUTH_API_KEY_LEN + 1);

    memcpy(text, AUTH_API_KEY_PREFIX, PREFIX_LEN);
    memcpy(text + PREFIX_LEN, id, AUTH_API_KEY_ID_LEN);
    text[RANDOM_AT - 1] = '_';
    add_random(text + RANDOM_AT, RANDOM_LEN, LETTERS);
    write_crc(text + CHECKED_LEN, text);
    return text;
}

int auth_api_key_is_id(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9'))) {
            return 0;
        }
    }
    return len == AUTH_API_KEY_ID_LEN;
}

apr_status_t auth_api_key_parse(char id[AUTH_API_KEY_ID_LEN + 1], const char **pwhy,
                                const char *text, apr_size_t len)
{
    char crc[CRC_LEN];

    if (len < PREFIX_LEN || memcmp(text, AUTH_API_KEY_PREFIX, PREFIX_LEN) != 0) {
        *pwhy = "API keys begin with " AUTH_API_KEY_PREFIX;
        return APR_EINVAL;
    }
    if (len != AUTH_API_KEY_LEN) {
        *pwhy = "The API key is not whole";
        return APR_EINVAL;
    }
    write_crc(crc, text);
    if (memcmp(crc, text + CHECKED_LEN, CRC_LEN) != 0 || text[RANDOM_AT - 1] != '_' ||
        !auth_api_key_is_id(text + PREFIX_LEN, AUTH_API_KEY_ID_LEN)) {
        *pwhy = "The API key is not as it was given out";
        return APR_EINVAL;
    }
    memcpy(id, text + PREFIX_LEN, AUTH_API_KEY_ID_LEN);
    id[AUTH_API_KEY_ID_LEN] = '\0';
    return APR_SUCCESS;
}
