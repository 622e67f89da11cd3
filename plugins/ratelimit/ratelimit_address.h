/* SPDX-License-Identifier: Apache-2.0 */
/** Addresses of clients, cut to the network that shares a bucket, and networks. Any thread. */
#ifndef RATELIMIT_ADDRESS_H
#define RATELIMIT_ADDRESS_H

#include "app_plugin.h"

/** An IPv6 address; one of IPv4 is ::ffff:a.b.c.d. All zeros: none that can be read. */
typedef struct ratelimit_address_t {
    unsigned char bytes[16];
    int           is_ipv4;
} ratelimit_address_t;

/** @param text as the host gives it; may be NULL or end with a zone: fe80::1%eth0 */
ratelimit_address_t ratelimit_address_read(const char *text);

/** Clears what is behind the prefix, that of IPv4 or of IPv6. */
void ratelimit_address_cut(ratelimit_address_t *address, apr_int64_t ipv4, apr_int64_t ipv6);

typedef struct ratelimit_network_t ratelimit_network_t;

/**
 * Parses a word of the setting Exempt: an address, or a network as 10.0.0.0/8, 2001:db8::/32.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t ratelimit_network_parse(const ratelimit_network_t **pnetwork, const char *text,
                                     app_error_t *err, apr_pool_t *p);

int ratelimit_network_has(const ratelimit_network_t *network, const ratelimit_address_t *address);

#endif
