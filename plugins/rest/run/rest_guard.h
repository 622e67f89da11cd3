/* SPDX-License-Identifier: Apache-2.0 */
/** What the statements of a request may touch on SQLite, whatever they say. */
#ifndef REST_GUARD_H
#define REST_GUARD_H

#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

/**
 * Puts the role's grants as a guard before what is queried in tx from now on. Nothing on
 * PostgreSQL.
 * @param plan that is run; NULL: none
 * @param p lives as long as tx; so must all else
 */
void rest_guard_put(app_tx_t *tx, const rest_call_t *call, const rest_schema_t *schema,
                    const rest_plan_t *plan, apr_pool_t *p);

#endif
