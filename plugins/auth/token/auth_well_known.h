/* SPDX-License-Identifier: Apache-2.0 */
/** Routes under /auth/.well-known/, by which others verify our tokens. Thread of the request. */
#ifndef AUTH_WELL_KNOWN_H
#define AUTH_WELL_KNOWN_H

#include "app_plugin.h"

/** The public keys, a JWK set. Without any, an empty one. */
app_handler_fn auth_jwks_handler;

/** Issuer, algorithms, and where the keys are; 404 where JwtIssuer is no URL. */
app_handler_fn auth_metadata_handler;

#endif
