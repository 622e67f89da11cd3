/* SPDX-License-Identifier: Apache-2.0 */
/** Addresses and networks (ratelimit_address.h). No name is ever looked up. */
#include "ratelimit_address.h"

#include <arpa/inet.h>
#include <string.h>

#include "apr_strings.h"

#define IPV4_BITS 96 /* of an IPv6 address stand before the IPv4 address in it */

struct ratelimit_network_t {
    ratelimit_address_t address;
    int                 prefix; /* of 128 bits */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

/** Without the zone that a link-local address may have. */
static const char *without_zone(char *copy, apr_size_t size, const char *text)
{
    const char *zone = strchr(text, '%');

    if (!zone || (apr_size_t)(zone - text) >= size) {
        return text;
    }
    apr_cpystrn(copy, text, (apr_size_t)(zone - text) + 1);
    return copy;
}

ratelimit_address_t ratelimit_address_read(const char *text)
{
    ratelimit_address_t address = { .is_ipv4 = 0 };
    char copy[INET6_ADDRSTRLEN];

    if (!text) {
        return address;
    }
    if (inet_pton(AF_INET, text, address.bytes + sizeof(mapped)) == 1) {
        memcpy(address.bytes, mapped, sizeof(mapped));
        address.is_ipv4 = 1;
    }
    else if (inet_pton(AF_INET6, without_zone(copy, sizeof(copy), text), address.bytes) == 1) {
        address.is_ipv4 = memcmp(address.bytes, mapped, sizeof(mapped)) == 0;
    }
    return address;
}

static void cut(ratelimit_address_t *address, int prefix)
{
    int at = prefix / 8;

    if (at < 16) {
        address->bytes[at] &= (unsigned char)(0xff00 >> prefix % 8);
        memset(address->bytes + at + 1, 0, (apr_size_t)(15 - at));
    }
}

void ratelimit_address_cut(ratelimit_address_t *address, apr_int64_t ipv4, apr_int64_t ipv6)
{
    cut(address, address->is_ipv4 ? IPV4_BITS + (int)ipv4 : (int)ipv6);
}

/* Networks */

static int is_zero(const ratelimit_address_t *address)
{
    static const unsigned char none[16];

    return memcmp(address->bytes, none, sizeof(none)) == 0;
}

static apr_status_t refuse(const char *text, app_error_t *err)
{
    return app_fail(err, APP_E_SETTING,
                    "Exempt takes addresses and networks (192.0.2.1, 10.0.0.0/8, 2001:db8::/32), "
                    "not \"%s\"",
                    text);
}

/** @return bits behind "/", at most of them; -1: no such number */
static int prefix_of(const char *digits, int of)
{
    apr_int64_t bits;

    return app_int64_parse(digits, strlen(digits), &bits) == APR_SUCCESS && bits >= 0 && bits <= of
               ? (int)bits
               : -1;
}

apr_status_t ratelimit_network_parse(const ratelimit_network_t **pnetwork, const char *text,
                                     app_error_t *err, apr_pool_t *p)
{
    ratelimit_network_t *network = apr_pcalloc(p, sizeof(*network));
    const char *slash = strchr(text, '/');
    const char *address = slash ? apr_pstrmemdup(p, text, (apr_size_t)(slash - text)) : text;
    ratelimit_address_t base;
    int width;

    network->address = base = ratelimit_address_read(address);
    if (strchr(address, '%') || (is_zero(&base) && strcmp(address, "::") != 0)) {
        return refuse(text, err);
    }
    width = base.is_ipv4 && !strchr(address, ':') ? 32 : 128;
    network->prefix = slash ? prefix_of(slash + 1, width) : width;
    if (network->prefix < 0) {
        return refuse(text, err);
    }
    network->prefix += 128 - width;
    cut(&network->address, network->prefix);
    if (memcmp(base.bytes, network->address.bytes, sizeof(base.bytes)) != 0) {
        return app_fail(err, APP_E_SETTING, "Exempt: \"%s\" has bits behind its prefix", text);
    }
    *pnetwork = network;
    return APR_SUCCESS;
}

int ratelimit_network_has(const ratelimit_network_t *network, const ratelimit_address_t *address)
{
    ratelimit_address_t start = *address;

    cut(&start, network->prefix);
    return memcmp(start.bytes, network->address.bytes, sizeof(start.bytes)) == 0;
}
