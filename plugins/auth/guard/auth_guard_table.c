/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table of failures, as auth_guard_table.h draws it. Called by auth_guard.c under the lock of
 * the memory it lies in.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "apr_strings.h"

#include "auth_guard_table.h"

#define SET         8 /* slots of one hash */
#define KEY_BYTES   16
#define KNOWN_FOR   (30 * 86400) /* seconds */
#define KNOWN_WORTH 16 /* failures that a slot is worth more where somebody is known */
#define DOUBLINGS   20 /* of the shortest delay, 1 s; past these failures nothing is counted */

typedef struct slot_t {
    apr_uint64_t tag;      /* the rest of the hash; 0: empty */
    apr_int64_t  at;       /* the last try that was admitted */
    apr_int64_t  known_at; /* the last one that was good; 0: never */
    apr_int64_t  failures;
} slot_t;

struct auth_guard_table_t {
    apr_uint64_t  sets; /* of each scope; 0: not yet a table */
    unsigned char key[KEY_BYTES];
    slot_t        slots[]; /* AUTH_GUARD_SCOPES_ times sets times SET */
};

static const struct {
    apr_int64_t free;    /* times the failures that are free */
    apr_int64_t shorter; /* the longest delay, divided by this */
    apr_int64_t forgets; /* seconds in which one failure is forgotten */
} scopes[AUTH_GUARD_SCOPES_] = {
    [AUTH_GUARD_PAIR] = { 1, 1, 1800 },
    [AUTH_GUARD_ACCOUNT] = { 5, 15, 300 },
    [AUTH_GUARD_ADDRESS] = { 10, 15, 60 },
};

static apr_uint64_t sets_of(apr_size_t entries)
{
    return entries < SET ? 1 : entries / SET;
}

apr_size_t auth_guard_table_size(apr_size_t entries)
{
    return sizeof(auth_guard_table_t) +
           (apr_size_t)sets_of(entries) * AUTH_GUARD_SCOPES_ * SET * sizeof(slot_t);
}

void auth_guard_table_init(auth_guard_table_t *table, apr_size_t entries)
{
    if (table->sets) {
        return;
    }
    if (RAND_bytes(table->key, KEY_BYTES) != 1) {
        abort();
    }
    table->sets = sets_of(entries);
}

/** Keyed, so that nobody outside can aim at a set. Texts of any length, divided by their NULs. */
static void digest(apr_uint64_t out[2], const auth_guard_table_t *table, auth_guard_scope_e scope,
                   const char *account, const char *address)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    const unsigned char kind = (unsigned char)scope;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (!ctx) {
        abort();
    }
    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    EVP_DigestUpdate(ctx, table->key, KEY_BYTES);
    EVP_DigestUpdate(ctx, &kind, 1);
    EVP_DigestUpdate(ctx, account, strlen(account) + 1);
    EVP_DigestUpdate(ctx, address, strlen(address) + 1);
    EVP_DigestFinal_ex(ctx, bytes, NULL);
    EVP_MD_CTX_free(ctx);
    memcpy(out, bytes, 2 * sizeof(*out));
}

/** What is left of a slot's failures now. */
static apr_int64_t failures_now(const slot_t *slot, auth_guard_scope_e scope, apr_int64_t now)
{
    apr_int64_t forgotten = now > slot->at ? (now - slot->at) / scopes[scope].forgets : 0;

    return slot->failures > forgotten ? slot->failures - forgotten : 0;
}

static int is_known(const slot_t *slot, apr_int64_t now)
{
    return slot->known_at && now - slot->known_at < KNOWN_FOR;
}

static apr_int64_t worth(const slot_t *slot, auth_guard_scope_e scope, apr_int64_t now)
{
    if (!slot->tag) {
        return -1;
    }
    return failures_now(slot, scope, now) + (is_known(slot, now) ? KNOWN_WORTH : 0);
}

/** The slot of a hash; where there is none, the least worth of its set, emptied. */
static slot_t *find(auth_guard_table_t *table, auth_guard_scope_e scope, const char *account,
                    const char *address, apr_int64_t now)
{
    apr_uint64_t hash[2];
    slot_t *set, *least;
    int i;

    digest(hash, table, scope, account, address);
    hash[1] = hash[1] ? hash[1] : 1;
    set = table->slots + (scope * table->sets + hash[0] % table->sets) * SET;
    least = set;
    for (i = 0; i < SET; i++) {
        apr_int64_t more = worth(&set[i], scope, now) - worth(least, scope, now);

        if (set[i].tag == hash[1]) {
            return &set[i];
        }
        least = more < 0 || (more == 0 && set[i].at < least->at) ? &set[i] : least;
    }
    *least = (slot_t){ .tag = hash[1], .at = now };
    return least;
}

/** Seconds until the slot's next try is admitted; 0: now. */
static apr_int64_t wait_of(const slot_t *slot, auth_guard_scope_e scope,
                           const auth_guard_rules_t *rules, apr_int64_t now)
{
    apr_int64_t over = failures_now(slot, scope, now) - rules->failures * scopes[scope].free;
    apr_int64_t longest = rules->longest / scopes[scope].shorter;
    apr_int64_t delay, gone = now - slot->at;

    if (over < 0 || gone < 0) { /* a clock that was set back delays nobody */
        return 0;
    }
    delay = over >= DOUBLINGS ? longest : (apr_int64_t)1 << over;
    delay = delay < longest ? delay : longest;
    return delay > gone ? delay - gone : 0;
}

static void count(slot_t *slot, auth_guard_scope_e scope, const auth_guard_rules_t *rules,
                  apr_int64_t now)
{
    apr_int64_t most = rules->failures * scopes[scope].free + DOUBLINGS;
    apr_int64_t failures = failures_now(slot, scope, now) + 1;

    slot->failures = failures < most ? failures : most;
    slot->at = now;
}

apr_int64_t auth_guard_table_try(auth_guard_table_t *table, const auth_guard_rules_t *rules,
                                 const char *account, const char *address, apr_int64_t now)
{
    slot_t *slots[AUTH_GUARD_SCOPES_] = { NULL };
    apr_int64_t wait = 0;
    int i;

    slots[AUTH_GUARD_ADDRESS] = find(table, AUTH_GUARD_ADDRESS, "", address, now);
    if (account) {
        slots[AUTH_GUARD_PAIR] = find(table, AUTH_GUARD_PAIR, account, address, now);
        if (!is_known(slots[AUTH_GUARD_PAIR], now)) {
            slots[AUTH_GUARD_ACCOUNT] = find(table, AUTH_GUARD_ACCOUNT, account, "", now);
        }
    }
    for (i = 0; i < AUTH_GUARD_SCOPES_; i++) {
        apr_int64_t longer = slots[i] ? wait_of(slots[i], i, rules, now) : 0;

        wait = longer > wait ? longer : wait;
    }
    for (i = 0; i < AUTH_GUARD_SCOPES_ && wait == 0; i++) {
        if (slots[i]) {
            count(slots[i], i, rules, now);
        }
    }
    return wait;
}

void auth_guard_table_undone(auth_guard_table_t *table, const char *account, const char *address,
                             apr_int64_t now)
{
    slot_t *slot = find(table, AUTH_GUARD_ADDRESS, "", address, now);

    slot->failures -= slot->failures > 0;
    if (account) {
        slot = find(table, AUTH_GUARD_PAIR, account, address, now);
        slot->failures -= slot->failures > 0;
        if (!is_known(slot, now)) {
            slot = find(table, AUTH_GUARD_ACCOUNT, account, "", now);
            slot->failures -= slot->failures > 0;
        }
    }
}

void auth_guard_table_passed(auth_guard_table_t *table, const char *account, const char *address,
                             apr_int64_t now)
{
    slot_t *slot = find(table, AUTH_GUARD_ADDRESS, "", address, now);

    slot->failures -= slot->failures > 0;
    if (account) {
        find(table, AUTH_GUARD_ACCOUNT, account, "", now)->failures = 0;
        slot = find(table, AUTH_GUARD_PAIR, account, address, now);
        slot->failures = 0;
        slot->known_at = now;
    }
}

void auth_guard_address(char address[AUTH_GUARD_ADDRESS_MAX], const char *peer)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned char bytes[sizeof(struct in6_addr)];

    apr_cpystrn(address, peer ? peer : "", AUTH_GUARD_ADDRESS_MAX);
    if (inet_pton(AF_INET6, address, bytes) != 1) {
        return;
    }
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        inet_ntop(AF_INET, bytes + sizeof(mapped), address, AUTH_GUARD_ADDRESS_MAX);
        return;
    }
    memset(bytes + 8, 0, 8);
    inet_ntop(AF_INET6, bytes, address, AUTH_GUARD_ADDRESS_MAX);
}
