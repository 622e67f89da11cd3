/* SPDX-License-Identifier: Apache-2.0 */
/** Which addresses share a bucket, and which networks an address is in. */
#include "unit.h"

#include <arpa/inet.h>

#include "apr_strings.h"

#include "ratelimit_address.h"

static const char *cut(const char *text, int ipv4, int ipv6)
{
    ratelimit_address_t address = ratelimit_address_read(text);
    char *shown = apr_palloc(unit_pool, INET6_ADDRSTRLEN);

    ratelimit_address_cut(&address, ipv4, ipv6);
    return inet_ntop(AF_INET6, address.bytes, shown, INET6_ADDRSTRLEN);
}

static void test_what_shares_a_bucket(void **state)
{
    static const struct {
        const char *text;
        int         ipv4, ipv6;
        const char *network;
    } cases[] = {
        { "192.0.2.17", 32, 64, "::ffff:192.0.2.17" },
        { "192.0.2.17", 24, 64, "::ffff:192.0.2.0" },
        { "192.0.2.17", 28, 64, "::ffff:192.0.2.16" },
        { "::ffff:192.0.2.17", 24, 64, "::ffff:192.0.2.0" },
        { "2001:db8:1:2:3:4:5:6", 32, 64, "2001:db8:1:2::" },
        { "2001:db8:1:2:3:4:5:6", 32, 128, "2001:db8:1:2:3:4:5:6" },
        { "2001:db8:1:2:3:4:5:6", 32, 48, "2001:db8:1::" },
        { "2001:db8:1:2:3:4:5:6", 32, 33, "2001:db8::" },
        { "fe80::1%eth0", 32, 64, "fe80::" },
        { "fe80::1%eth0", 32, 128, "fe80::1" },
        { "unix:/tmp/socket", 32, 64, "::" },
        { "999.0.0.1", 32, 64, "::" },
        { "", 32, 64, "::" },
        { NULL, 32, 64, "::" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].text ? cases[i].text : "none",
                    cut(cases[i].text, cases[i].ipv4, cases[i].ipv6), cases[i].network);
    }
}

/** "in", "out", or the error's message. */
static const char *look(const char *network, const char *text)
{
    app_error_t err = { .pool = unit_pool };
    const ratelimit_address_t address = ratelimit_address_read(text);
    const ratelimit_network_t *parsed;

    if (ratelimit_network_parse(&parsed, network, &err, unit_pool) != APR_SUCCESS) {
        return err.message;
    }
    return ratelimit_network_has(parsed, &address) ? "in" : "out";
}

#define FORM "Exempt takes addresses and networks (192.0.2.1, 10.0.0.0/8, 2001:db8::/32), not "

static void test_networks(void **state)
{
    static const struct {
        const char *network, *address, *answer;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1", "in" },
        { "192.0.2.1", "192.0.2.2", "out" },
        { "10.0.0.0/8", "10.255.3.4", "in" },
        { "10.0.0.0/8", "::ffff:10.255.3.4", "in" },
        { "10.0.0.0/8", "11.0.0.0", "out" },
        { "0.0.0.0/0", "203.0.113.9", "in" },
        { "0.0.0.0/0", "2001:db8::1", "out" },
        { "::/0", "203.0.113.9", "in" },
        { "::1", "::1", "in" },
        { "::", "::1", "out" },
        { "2001:db8::/32", "2001:db8:ffff::1", "in" },
        { "2001:db8::/32", "2001:db9::1", "out" },
        { "::ffff:10.0.0.0/104", "10.1.2.3", "in" },
        { "10.0.0.0/33", "", FORM "\"10.0.0.0/33\"" },
        { "10.0.0.0/", "", FORM "\"10.0.0.0/\"" },
        { "10.0.0/8", "", FORM "\"10.0.0/8\"" },
        { "fe80::1%eth0", "", FORM "\"fe80::1%eth0\"" },
        { "localhost", "", FORM "\"localhost\"" },
        { "", "", FORM "\"\"" },
        { "10.0.0.1/8", "", "Exempt: \"10.0.0.1/8\" has bits behind its prefix" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(apr_pstrcat(unit_pool, cases[i].network, " ", cases[i].address, NULL),
                    look(cases[i].network, cases[i].address), cases[i].answer);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_shares_a_bucket),
    cmocka_unit_test(test_networks),
};

UNIT_MAIN(tests)
