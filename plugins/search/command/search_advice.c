/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a collection on PostgreSQL still needs, and only an administrator can decide: grants on the
 * column that is searched, and functions declared leakproof. One thread.
 */
#include <stdio.h>

#include "apr_strings.h"

#include "search_index.h"
#include "search_job.h"
#include "search_sql.h"

/** A role that may read single columns is no reader of one that came later. $1: the relation. */
static const char *lacking_grants(const search_collection_t *collection, apr_pool_t *p)
{
    return apr_psprintf(
        p,
        "SELECT string_agg(format('    GRANT SELECT (%%s) ON %%s TO %%s;', names, $1::text, role),"
        " E'\\n' ORDER BY role) FROM (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE"
        " quote_ident(pg_get_userbyid(a.grantee)) END AS role,"
        " string_agg(DISTINCT quote_ident(w.attname), ', ') AS names"
        " FROM pg_attribute g, aclexplode(g.attacl) a, pg_attribute w"
        " WHERE g.attrelid = $1::text::regclass AND w.attrelid = g.attrelid"
        " AND a.privilege_type = 'SELECT' AND w.attname IN (%s, %s, %s)"
        " AND NOT has_column_privilege(a.grantee, w.attrelid, w.attnum, 'SELECT')"
        " GROUP BY a.grantee) lacking",
        search_literal(collection->key, p),
        search_literal(search_index(collection, "", p), p),
        search_literal(search_index(collection, "_titles", p), p));
}

/**
 * Under row-level security PostgreSQL uses an index only by functions that are known to tell
 * nothing of the rows that they see. $1: the relation.
 */
static const char leaking[] =
    "SELECT string_agg(format('    ALTER FUNCTION %I.%I(%s) LEAKPROOF;', n.nspname, f.proname,"
    " f.args), E'\\n' ORDER BY f.proname) FROM (SELECT *, pg_get_function_identity_arguments(oid)"
    " AS args FROM pg_proc WHERE NOT proleakproof) f JOIN pg_namespace n ON n.oid = f.pronamespace"
    " WHERE (SELECT relrowsecurity FROM pg_class WHERE oid = $1::text::regclass) AND"
    " (n.nspname = 'pg_catalog' AND (f.proname = 'ts_match_vq' OR f.proname = 'lower' AND"
    " f.args = 'text') OR f.proname = 'similarity_op')";

apr_status_t search_advise(search_job_t *job, const search_collection_t *collection)
{
    const char *relation, *grants, *functions;

    if (job->search->kind != APP_DB_PGSQL) {
        return APR_SUCCESS;
    }
    relation = search_index_relation(collection, job->pool);
    if (search_job_ask(&grants, job, lacking_grants(collection, job->pool), relation) !=
            APR_SUCCESS ||
        search_job_ask(&functions, job, leaking, relation) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (grants) {
        fprintf(stderr, "Roles that may read some columns of %s only cannot search it. With this "
                        "they can, and find rows by\nwords of all the collection's columns:\n%s\n",
                relation, grants);
    }
    if (functions) {
        fprintf(stderr, "%s has row-level security. So that the index serves the roles under it, "
                        "too, a superuser\nshould say, once in this database:\n%s\n",
                relation, functions);
    }
    return APR_SUCCESS;
}
