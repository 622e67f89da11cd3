/* SPDX-License-Identifier: Apache-2.0 */
/** PostgreSQL's relations and their columns. Called while a snapshot is loaded. */
#include "rest_schema_pgsql.h"

/*
 * Those exposed, and those whose rows an exposed function returns. Partitions are reached through
 * their parent. 28: INSERT (8), UPDATE (4) and DELETE (16), as pg_relation_is_updatable() says it,
 * which fails for foreign tables whose wrapper does nothing.
 */
static const char relations_sql[] =
    "WITH RECURSIVE " REST_PGSQL_DOMAINS ", "
    "classes AS (SELECT c.*, n.nspname, n.nspname = ANY ($1::text[]) AND NOT c.relispartition"
    "  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AS exposed"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace),"
    " returned AS (SELECT t.typrelid FROM pg_proc p"
    "  JOIN pg_namespace n ON n.oid = p.pronamespace"
    "  LEFT JOIN domains d ON d.oid = p.prorettype"
    "  JOIN pg_type t ON t.oid = coalesce(d.base, p.prorettype)"
    "  WHERE n.nspname = ANY ($1::text[]) AND p.prokind = 'f' AND t.typrelid <> 0) "
    "SELECT c.oid, c.nspname, c.relname, c.exposed, c.relkind IN ('v', 'm'),"
    " CASE WHEN NOT c.exposed OR c.relkind = 'm' THEN 0 WHEN c.relkind IN ('r', 'p') THEN 28"
    "  WHEN c.relkind = 'f' AND NOT EXISTS (SELECT FROM pg_foreign_table f"
    "   JOIN pg_foreign_server s ON s.oid = f.ftserver"
    "   JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw"
    "   WHERE f.ftrelid = c.oid AND w.fdwhandler <> 0) THEN 0"
    "  ELSE pg_relation_is_updatable(c.oid, true) END,"
    " d.description"
    " FROM classes c LEFT JOIN pg_description d"
    "  ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass"
    " WHERE c.exposed OR c.oid IN (SELECT typrelid FROM returned)"
    " ORDER BY c.oid";

enum { RELATION_OID, SPACE, RELATION, EXPOSED, IS_VIEW, UPDATABLE, RELATION_COMMENT };

/*
 * A cast between a domain and json or text is never made by PostgreSQL itself, whatever it says;
 * it is how clients see the domain. An identity that is always generated has no default that
 * could be written down.
 */
static const char columns_sql[] =
    "WITH RECURSIVE " REST_PGSQL_DOMAINS ", "
    "casts AS (SELECT t.oid,"
    "  max(f.name) FILTER (WHERE k.casttarget = 'json'::regtype) AS to_json,"
    "  max(f.name) FILTER (WHERE k.castsource = 'json'::regtype) AS from_json,"
    "  max(f.name) FILTER (WHERE k.castsource = 'text'::regtype) AS from_text"
    "  FROM pg_type t JOIN pg_cast k ON k.castsource = t.oid OR k.casttarget = t.oid"
    "  JOIN (SELECT p.oid, format('%I.%I', n.nspname, p.proname) AS name FROM pg_proc p"
    "   JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.pronargs = 1) f"
    "   ON f.oid = k.castfunc"
    "  WHERE t.typtype = 'd' AND k.castcontext = 'i' AND k.castmethod = 'f'"
    "  AND has_function_privilege(k.castfunc, 'execute') GROUP BY t.oid),"
    " labels AS (SELECT enumtypid, array_agg(enumlabel ORDER BY enumsortorder) AS labels"
    "  FROM pg_enum GROUP BY enumtypid),"
    " columns AS (SELECT a.*, coalesce(d.base, a.atttypid) AS base,"
    "  coalesce(d.typmod, a.atttypmod) AS typmod, coalesce(d.not_null, false) AS not_null,"
    "  CASE WHEN d.oid IS NOT NULL THEN t.typdefaultbin END AS of_domain"
    "  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    "  LEFT JOIN domains d ON d.oid = a.atttypid"
    "  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped"
    "  AND NOT (a.atttypid = 'tsvector'::regtype AND a.attname LIKE 'app\\_search\\_%')) "
    "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),"
    " format_type(a.base, NULL), NOT (a.attnotnull OR a.not_null), a.attgenerated <> '',"
    " CASE WHEN a.attidentity = 'd' THEN format('nextval(%L)', s.objid::regclass)"
    "  WHEN a.attgenerated = '' THEN"
    "   coalesce(pg_get_expr(e.adbin, 0), pg_get_expr(a.of_domain, 0)) END,"
    " CASE WHEN a.typmod = -1 THEN 0"
    "  WHEN a.base IN ('bpchar'::regtype, 'varchar'::regtype) THEN a.typmod - 4"
    "  WHEN a.base IN ('bit'::regtype, 'varbit'::regtype) THEN a.typmod ELSE 0 END,"
    " l.labels, c.description, k.to_json, k.from_json, k.from_text"
    " FROM columns a"
    " LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum"
    " LEFT JOIN pg_depend s ON a.attidentity = 'd' AND s.refclassid = 'pg_class'::regclass"
    "  AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum"
    "  AND s.classid = 'pg_class'::regclass AND s.deptype = 'i'"
    " LEFT JOIN pg_description c ON c.objoid = a.attrelid AND c.objsubid = a.attnum"
    "  AND c.classoid = 'pg_class'::regclass"
    " LEFT JOIN labels l ON l.enumtypid = a.base"
    " LEFT JOIN casts k ON k.oid = a.atttypid"
    " ORDER BY a.attrelid, a.attnum";

enum { COLUMN_OID, COLUMN, TYPE, BASE, NULLABLE, GENERATED, DEFAULT, MAX_LENGTH, LABELS,
       COLUMN_COMMENT, TO_JSON, FROM_JSON, FROM_TEXT };

static void read_relation(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_space_t *space = rest_schema_space(reader->schema, app_rows_text(rows, SPACE, NULL));
    const char *name = app_rows_text(rows, RELATION, NULL);
    apr_int64_t updatable = app_rows_int(rows, UPDATABLE);
    rest_pgsql_class_t *class = apr_array_push(reader->classes);
    rest_relation_t *relation = rest_pgsql_true(rows, EXPOSED)
                                    ? rest_schema_relation_add(reader->schema, space, name)
                                    : rest_schema_relation_make(reader->schema, name);

    (void)ctx;
    class->oid = app_rows_int(rows, RELATION_OID);
    class->relation = relation;
    relation->comment = rest_pgsql_text(reader, rows, RELATION_COMMENT);
    relation->is_view = rest_pgsql_true(rows, IS_VIEW) != 0;
    relation->insertable = (updatable & 8) != 0;
    relation->updatable = (updatable & 4) != 0;
    relation->deletable = (updatable & 16) != 0;
}

static void read_column(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_relation_t *relation = rest_pgsql_class(reader, app_rows_int(rows, COLUMN_OID));
    rest_column_t *column;

    (void)ctx;
    column = rest_schema_column_add(reader->schema, relation, app_rows_text(rows, COLUMN, NULL),
                                    app_rows_text(rows, TYPE, NULL));
    column->base = rest_pgsql_text(reader, rows, BASE);
    column->nullable = rest_pgsql_true(rows, NULLABLE) != 0;
    column->generated = rest_pgsql_true(rows, GENERATED) != 0;
    column->default_value = rest_pgsql_text(reader, rows, DEFAULT);
    column->max_length = app_rows_int(rows, MAX_LENGTH);
    column->labels = rest_pgsql_list(reader, rows, LABELS, &column->nlabels);
    column->comment = rest_pgsql_text(reader, rows, COLUMN_COMMENT);
    column->to_json = rest_pgsql_text(reader, rows, TO_JSON);
    column->from_json = rest_pgsql_text(reader, rows, FROM_JSON);
    column->from_text = rest_pgsql_text(reader, rows, FROM_TEXT);
}

static app_value_t class_oids(const rest_pgsql_reader_t *reader)
{
    int i, count = reader->classes->nelts;
    const char **oids = apr_palloc(reader->ptemp, sizeof(*oids) * (apr_size_t)(count + 1));

    for (i = 0; i < count; i++) {
        oids[i] = apr_psprintf(reader->ptemp, "%" APR_INT64_T_FMT,
                               APR_ARRAY_IDX(reader->classes, i, rest_pgsql_class_t).oid);
    }
    return rest_pgsql_array(oids, count, reader->schema->pool);
}

apr_status_t rest_pgsql_read_relations(rest_pgsql_reader_t *reader)
{
    app_value_t oids;

    if (rest_pgsql_each(reader, relations_sql, &reader->spaces, read_relation, NULL) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    oids = class_oids(reader);
    return rest_pgsql_each(reader, columns_sql, &oids, read_column, NULL);
}
