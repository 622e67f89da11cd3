/* SPDX-License-Identifier: Apache-2.0 */
/** SipHash-2-4 (Aumasson, Bernstein 2012), over a label of eight bytes and the data behind it. */
#include "ratelimit_hash.h"

#include <string.h>

#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

typedef struct sip_t {
    apr_uint64_t v0, v1, v2, v3;
} sip_t;

static inline void turn(sip_t *s)
{
    s->v0 += s->v1;
    s->v1 = ROTATE(s->v1, 13) ^ s->v0;
    s->v0 = ROTATE(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = ROTATE(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = ROTATE(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = ROTATE(s->v1, 17) ^ s->v2;
    s->v2 = ROTATE(s->v2, 32);
}

static inline void take(sip_t *s, apr_uint64_t word)
{
    s->v3 ^= word;
    turn(s);
    turn(s);
    s->v0 ^= word;
}

/** Little endian, as the paper has it, so that its test vectors hold everywhere. */
static inline apr_uint64_t word_of(const unsigned char *bytes, apr_size_t len)
{
    apr_uint64_t word = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        word |= (apr_uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static sip_t begin(const unsigned char secret[RATELIMIT_SECRET_BYTES])
{
    const apr_uint64_t k0 = word_of(secret, 8), k1 = word_of(secret + 8, 8);
    const sip_t s = { .v0 = k0 ^ APR_UINT64_C(0x736f6d6570736575),
                      .v1 = k1 ^ APR_UINT64_C(0x646f72616e646f6d),
                      .v2 = k0 ^ APR_UINT64_C(0x6c7967656e657261),
                      .v3 = k1 ^ APR_UINT64_C(0x7465646279746573) };

    return s;
}

static apr_uint64_t end(sip_t *s)
{
    s->v2 ^= 0xff;
    turn(s);
    turn(s);
    turn(s);
    turn(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

apr_uint64_t ratelimit_hash(const unsigned char secret[RATELIMIT_SECRET_BYTES], apr_uint64_t label,
                            const void *data, apr_size_t len)
{
    const unsigned char *bytes = data;
    sip_t s = begin(secret);
    apr_size_t left;

    take(&s, label);
    for (left = len; left >= 8; left -= 8, bytes += 8) {
        take(&s, word_of(bytes, 8));
    }
    take(&s, word_of(bytes, left) | (apr_uint64_t)((len + sizeof(label)) & 0xff) << 56);
    return end(&s);
}
