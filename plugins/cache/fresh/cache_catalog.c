/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: which answers can be always fresh. A relation is in the catalogue if every table that
 * it reads, through views and row policies, has the trigger that `appctl cache install` makes,
 * telling on this site's channel, and if no SQL of views and policies is different at another time
 * or for another header. Thread of the listener.
 *
 * Functions that SQL calls are found in the stored trees of rules and policies: pg_depend knows
 * nothing of built-in ones.
 */
#include "apr_strings.h"

#include "cache_int.h"
#include "cache_listen.h"

#define PAIRS_MAX 20000

static const char pairs_sql[] =
    "WITH RECURSIVE trees AS ("
    "  SELECT ev_class AS relation, oid AS object, 'pg_rewrite'::regclass AS class,"
    "         ev_action::text AS tree, pg_get_viewdef(ev_class) AS sql"
    "    FROM pg_rewrite WHERE ev_type = '1'"
    "  UNION ALL"
    "  SELECT polrelid, oid, 'pg_policy'::regclass, polqual::text,"
    "         pg_get_expr(polqual, polrelid)"
    "    FROM pg_policy WHERE polqual IS NOT NULL"
    "), uses AS ("
    "  SELECT t.relation, d.refobjid AS used FROM trees t JOIN pg_depend d"
    "      ON d.classid = t.class AND d.objid = t.object AND d.refclassid = 'pg_class'::regclass"
    "    WHERE d.refobjid <> t.relation"
    "  UNION SELECT inhparent, inhrelid FROM pg_inherits"
    "), calls AS ("
    "  SELECT t.relation, m[1]::oid AS function FROM trees t,"
    "         regexp_matches(t.tree, ':(?:funcid|aggfnoid|winfnoid) (\\d+)', 'g') m"
    "  UNION SELECT t.relation, o.oprcode FROM trees t,"
    "         regexp_matches(t.tree, ':opno (\\d+)', 'g') m"
    "    JOIN pg_operator o ON o.oid = m[1]::oid"
    "), fickle AS ("
    "  SELECT c.relation FROM calls c JOIN pg_proc p ON p.oid = c.function"
    "    WHERE p.provolatile = 'v' OR p.provolatile = 's' AND"
    "          (p.pronamespace <> 'pg_catalog'::regnamespace OR p.proname IN"
    "           ('now', 'transaction_timestamp', 'statement_timestamp', 'age',"
    "            'pg_postmaster_start_time', 'pg_conf_load_time', 'inet_client_addr',"
    "            'inet_client_port', 'txid_current', 'pg_current_xact_id'))"
    "  UNION SELECT relation FROM trees"
    "    WHERE tree ~ '\\{SQLVALUEFUNCTION :op [0-8] |\\{NEXTVALUEEXPR |\\{XMLEXPR '"
    "       OR sql ~* 'request\\.(header|cookie|method|path)'"
    "), reach AS ("
    "  SELECT oid AS relation, oid AS used FROM pg_class WHERE relkind IN ('r', 'p', 'v')"
    "     AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    "  UNION SELECT r.relation, u.used FROM reach r JOIN uses u ON u.relation = r.used"
    "), told AS ("
    "  SELECT tgrelid AS relation FROM pg_trigger"
    "    WHERE tgname = 'app_cache' AND tgenabled = 'A' AND tgtype = 60"
    "      AND tgargs = convert_to($1, getdatabaseencoding()) || decode('00', 'hex')"
    "), unfit AS ("
    "  SELECT r.relation FROM reach r JOIN pg_class c ON c.oid = r.used"
    "    WHERE c.relkind NOT IN ('r', 'p', 'v')"
    "       OR c.relkind <> 'v' AND r.used NOT IN (SELECT relation FROM told)"
    "       OR r.used IN (SELECT relation FROM fickle)"
    ") SELECT n.nspname || '.' || c.relname, un.nspname || '.' || u.relname"
    "  FROM reach r JOIN pg_class c ON c.oid = r.relation"
    "    JOIN pg_namespace n ON n.oid = c.relnamespace"
    "    JOIN pg_class u ON u.oid = r.used JOIN pg_namespace un ON un.oid = u.relnamespace"
    "  WHERE r.relation NOT IN (SELECT relation FROM unfit) AND u.relkind <> 'v' ORDER BY 1, 2";

static apr_status_t read_pairs(apr_array_header_t *pairs, app_tx_t *tx, const char *channel,
                               app_error_t *err, apr_pool_t *p)
{
    const app_value_t param = { .type = APP_VALUE_TEXT, .text = channel, .len = strlen(channel) };
    const app_sql_t sql = { pairs_sql, &param, 1 };
    app_rows_t *rows;
    apr_status_t status;

    if (app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS && pairs->nelts < PAIRS_MAX) {
        cache_pair_t *pair = apr_array_push(pairs);

        pair->relation = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        pair->table = apr_pstrdup(p, app_rows_text(rows, 1, NULL));
    }
    return status == APR_EOF || status == APR_SUCCESS ? APR_SUCCESS : status;
}

apr_status_t cache_catalog_read(cache_catalog_t *catalog, app_instance_t *self, app_error_t *err,
                                apr_pool_t *p)
{
    const cache_conf_t *conf = app_instance_settings(self);
    const app_tx_options_t options = { .readonly = 1 };
    apr_array_header_t *pairs = apr_array_make(p, 64, sizeof(cache_pair_t));
    app_tx_t *tx;

    if (app_tx_begin(&tx, app_instance_db(self), &options, err, p) != APR_SUCCESS ||
        read_pairs(pairs, tx, conf->channel, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    catalog->pairs = pairs;
    return APR_SUCCESS;
}
