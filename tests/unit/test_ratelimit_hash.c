/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "ratelimit_hash.h"

/** Key 00 01 … 0f, message 00 01 …; the first eight bytes of it are the label. */
static void test_vectors_of_the_paper(void **state)
{
    static const struct {
        const char  *name;
        size_t       len;
        apr_uint64_t hash;
    } cases[] = {
        { "8 bytes", 0, APR_UINT64_C(0x93f5f5799a932462) },
        { "15 bytes, appendix A", 7, APR_UINT64_C(0xa129ca6149be45e5) },
        { "16 bytes", 8, APR_UINT64_C(0x3f2acc7f57c29bdb) },
    };
    unsigned char secret[RATELIMIT_SECRET_BYTES], message[16];
    size_t i;

    (void)state;
    for (i = 0; i < 16; i++) {
        secret[i] = message[i] = (unsigned char)i;
    }
    for (i = 0; i < COUNT(cases); i++) {
        apr_uint64_t hash =
            ratelimit_hash(secret, APR_UINT64_C(0x0706050403020100), message + 8, cases[i].len);

        if (hash != cases[i].hash) {
            fail_msg("%s: got %llx", cases[i].name, (unsigned long long)hash);
        }
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_vectors_of_the_paper),
};

UNIT_MAIN(tests)
