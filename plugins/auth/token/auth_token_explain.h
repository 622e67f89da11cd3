/* SPDX-License-Identifier: Apache-2.0 */
/** For appctl: what is in a token, which key has made it, and why it is refused. */
#ifndef AUTH_TOKEN_EXPLAIN_H
#define AUTH_TOKEN_EXPLAIN_H

#include "auth_token.h"

/**
 * Writes lines of text. Nothing of a key beyond its name and type is in them; the token itself and
 * its signature are not.
 * @param audience as for auth_token_identify()
 * @param pgood whether the token is accepted
 * @return memory from p
 */
const char *auth_token_explain(int *pgood, const auth_tokens_t *tokens, const char *token,
                               const char *audience, apr_pool_t *p);

/** One line for each key that tokens are verified with, those of foreign issuers behind ours. */
const char *auth_tokens_list_keys(const auth_tokens_t *tokens, apr_pool_t *p);

#endif
