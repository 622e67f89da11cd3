/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table of failures: plain memory of a fixed size, and a clock that the caller has. Whoever
 * calls holds the lock of that memory.
 *
 * Who has failed too often waits: 1 s, 2 s, 4 s … up to a longest delay, counted from the last try
 * that was admitted. A try that is refused changes nothing, so nobody can lengthen a delay by
 * asking again. Failures are counted in three scopes at once:
 *
 *     scope     free failures  longest delay  one is forgotten in
 *     pair      n              longest        30 min                account from one address
 *     account   5 n            longest / 15   5 min                 account from anywhere
 *     address   10 n           longest / 15   1 min                 address with any account
 *
 * One who guesses at an account from home meets the pair's delay; from many addresses, the
 * account's; one who tries many accounts, the address's (a whole office may stand behind it, so it
 * takes more and forgets sooner).
 *
 * Nobody can lock an owner out for ever: whoever has signed in from an address is known there for
 * 30 days, and the account's delay is not for those. What strangers do elsewhere does not touch
 * them. To sign in from a new address during such an attack, there is the mail with a link.
 *
 * A slot that is needed anew is the one that is worth least, in a set of eight that a keyed hash
 * chooses: one that has nothing to tell, else the one with the fewest failures, else the oldest.
 * So a flood of names or addresses that failed once pushes out its like; to push out a slot of
 * twenty failures takes as many failures in each slot beside it, which delays forbid. Scopes have
 * sets of their own.
 */
#ifndef AUTH_GUARD_TABLE_H
#define AUTH_GUARD_TABLE_H

#include "apr.h"

typedef enum auth_guard_scope_e {
    AUTH_GUARD_PAIR,
    AUTH_GUARD_ACCOUNT,
    AUTH_GUARD_ADDRESS,
    AUTH_GUARD_SCOPES_
} auth_guard_scope_e;

typedef struct auth_guard_table_t auth_guard_table_t;

typedef struct auth_guard_rules_t {
    apr_int64_t failures; /* n above */
    apr_int64_t longest;  /* delay, in seconds */
} auth_guard_rules_t;

/** Bytes of a table with so many entries a scope (rounded down to sets). */
apr_size_t auth_guard_table_size(apr_size_t entries);

/** Makes zeroed memory of that size a table; one that is a table already is left as it is. */
void auth_guard_table_init(auth_guard_table_t *table, apr_size_t entries);

/**
 * Admits a try and counts it as a failure, or refuses it.
 * @param account NULL: none, only the address counts
 * @param address as auth_guard_address() writes it
 * @param now seconds since 1970
 * @return 0: admitted; else seconds until the next try is
 */
apr_int64_t auth_guard_table_try(auth_guard_table_t *table, const auth_guard_rules_t *rules,
                                 const char *account, const char *address, apr_int64_t now);

/** A try that was admitted was not made: takes back what it counted. */
void auth_guard_table_undone(auth_guard_table_t *table, const char *account, const char *address,
                             apr_int64_t now);

/**
 * A try that was admitted was good. The address keeps its other failures: one's own account is no
 * means to guess at others.
 */
void auth_guard_table_passed(auth_guard_table_t *table, const char *account, const char *address,
                             apr_int64_t now);

#define AUTH_GUARD_ADDRESS_MAX 48
/**
 * What is counted as one address: IPv4 whole, IPv6 by its first 64 bits, which one customer has.
 * @param peer NULL or not an address: counted as it is
 */
void auth_guard_address(char address[AUTH_GUARD_ADDRESS_MAX], const char *peer);

#endif
