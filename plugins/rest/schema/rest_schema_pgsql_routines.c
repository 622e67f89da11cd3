/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL's functions: those that can be called, those that give rows to be embedded, and
 * aggregates that make media types. Called while a snapshot is loaded.
 */
#include "rest_schema_pgsql.h"

/*
 * Of the arguments, "i" are what goes in and "o" what comes out; names of the two are in one list.
 * The lengths of character and bit types are left out, which a cast to the bare type would take
 * for 1.
 */
static const char routines_sql[] =
    "WITH RECURSIVE " REST_PGSQL_DOMAINS " "
    "SELECT n.nspname, p.proname, d.description,"
    " CASE WHEN i.unnamed = 0 THEN true WHEN p.pronargs = 1 THEN p.proargtypes[0] IN"
    "  ('json'::regtype, 'jsonb'::regtype, 'text'::regtype, 'xml'::regtype, 'bytea'::regtype)"
    "  ELSE false END,"
    " CASE p.pronargs WHEN 1 THEN (SELECT typrelid FROM pg_type WHERE oid = p.proargtypes[0]) END,"
    " i.names, i.types, p.pronargs - p.pronargdefaults, p.provariadic <> 0,"
    " format_type(p.prorettype, NULL), b.typrelid, o.names, o.types, o.bases,"
    " p.prorettype = 'void'::regtype, p.prorettype = 'record'::regtype,"
    " p.proretset, p.proretset AND p.prorows <> 1, p.provolatile, p.proconfig,"
    " CASE WHEN " REST_PGSQL_IS_MEDIA " AND NOT p.proretset THEN lower(t.typname) END,"
    " b.oid = 'bytea'::regtype"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " JOIN pg_type t ON t.oid = p.prorettype LEFT JOIN domains r ON r.oid = p.prorettype"
    " JOIN pg_type b ON b.oid = coalesce(r.base, p.prorettype)"
    " LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass"
    " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE coalesce(a.name, '') = '') AS unnamed,"
    "  array_agg(coalesce(a.name, '') ORDER BY a.at) AS names,"
    "  array_agg(CASE a.type WHEN 'bit'::regtype THEN 'bit varying'"
    "   WHEN 'bit[]'::regtype THEN 'bit varying[]'"
    "   WHEN 'bpchar'::regtype THEN 'character varying'"
    "   WHEN 'bpchar[]'::regtype THEN 'character varying[]'"
    "   ELSE format_type(a.type, NULL) END ORDER BY a.at) AS types"
    "  FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes)"
    "   WITH ORDINALITY AS a (type, name, mode, at)"
    "  WHERE a.type IS NOT NULL AND coalesce(a.mode, 'i') IN ('i', 'b', 'v')) i"
    " CROSS JOIN LATERAL (SELECT array_agg(coalesce(a.name, '') ORDER BY a.at) AS names,"
    "  array_agg(format_type(a.type, NULL) ORDER BY a.at) AS types,"
    "  array_agg(format_type(coalesce(x.base, a.type), NULL) ORDER BY a.at) AS bases"
    "  FROM unnest(p.proallargtypes, p.proargnames, p.proargmodes)"
    "   WITH ORDINALITY AS a (type, name, mode, at) LEFT JOIN domains x ON x.oid = a.type"
    "  WHERE a.mode IN ('o', 'b', 't')) o"
    " WHERE n.nspname = ANY ($1::text[]) AND p.prokind = 'f'"
    " AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)"
    " ORDER BY n.nspname, p.proname, p.oid";

enum { SPACE, NAME, COMMENT, CALLABLE, ARGUMENT_OID, NAMES, TYPES, NREQUIRED, VARIADIC,
       RESULT, RESULT_OID, OUT_NAMES, OUT_TYPES, OUT_BASES, IS_VOID, IS_RECORD, SET, TO_MANY,
       VOLATILITY, CONFIG, MEDIA, BYTES };

static const char handlers_sql[] =
    "SELECT format('%I.%I', n.nspname, p.proname), lower(t.typname), a.typrelid,"
    " t.typbasetype = 'bytea'::regtype"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " JOIN pg_type t ON t.oid = p.prorettype AND " REST_PGSQL_IS_MEDIA
    " JOIN pg_type a ON a.oid = p.proargtypes[0]"
    " WHERE n.nspname = ANY ($1::text[]) AND p.prokind = 'a' AND p.pronargs = 1"
    " AND (a.typrelid <> 0 OR a.oid = 'anyelement'::regtype)"
    " ORDER BY n.nspname DESC, p.proname DESC, p.oid DESC";

enum { HANDLER, HANDLER_MEDIA, HANDLER_OID, HANDLER_BYTES };

static void read_params(rest_routine_t *routine, const rest_pgsql_reader_t *reader,
                        const app_rows_t *rows)
{
    int i, count;
    const char **names = rest_pgsql_list(reader, rows, NAMES, &count);
    const char **types = rest_pgsql_list(reader, rows, TYPES, &routine->nparams);
    apr_int64_t required = app_rows_int(rows, NREQUIRED);

    if (!names || !types) {
        return;
    }
    routine->params = apr_pcalloc(reader->schema->pool,
                                  sizeof(*routine->params) * (apr_size_t)count);
    for (i = 0; i < count; i++) {
        routine->params[i].name = names[i];
        routine->params[i].type = types[i];
        routine->params[i].required = i < required;
    }
    routine->params[count - 1].variadic = rest_pgsql_true(rows, VARIADIC) != 0;
}

/** Columns of parameters that come out, as PostgreSQL names them if they have no name. */
static rest_relation_t *read_out(const rest_routine_t *routine, const rest_pgsql_reader_t *reader,
                                 const app_rows_t *rows)
{
    int i, count;
    const char **names = rest_pgsql_list(reader, rows, OUT_NAMES, &count);
    const char **types = rest_pgsql_list(reader, rows, OUT_TYPES, &count);
    const char **bases = rest_pgsql_list(reader, rows, OUT_BASES, &count);
    rest_relation_t *relation;

    if (!count) {
        return NULL;
    }
    relation = rest_schema_relation_make(reader->schema, routine->name);
    for (i = 0; i < count; i++) {
        const char *name = *names[i] ? names[i]
                           : count == 1 ? routine->name
                                        : apr_psprintf(reader->ptemp, "column%d", i + 1);
        rest_column_t *column = rest_schema_column_add(reader->schema, relation, name, types[i]);

        column->base = bases[i];
        column->nullable = 1;
    }
    return relation;
}

static void read_result(rest_routine_t *routine, const rest_pgsql_reader_t *reader,
                        const app_rows_t *rows)
{
    routine->type = rest_pgsql_text(reader, rows, RESULT);
    routine->set = rest_pgsql_true(rows, SET) != 0;
    routine->media = rest_pgsql_text(reader, rows, MEDIA);
    routine->bytes = rest_pgsql_true(rows, BYTES) != 0;
    routine->relation = rest_pgsql_class(reader, app_rows_int(rows, RESULT_OID));
    if (!routine->relation) {
        routine->relation = read_out(routine, reader, rows);
    }
    routine->gives = rest_pgsql_true(rows, IS_VOID)     ? REST_GIVES_VOID
                     : routine->relation                ? REST_GIVES_ROW
                     : rest_pgsql_true(rows, IS_RECORD) ? REST_GIVES_RECORD
                                                        : REST_GIVES_VALUE;
}

/** Its SET clauses: "name=value". */
static void read_config(rest_routine_t *routine, const rest_pgsql_reader_t *reader,
                        const app_rows_t *rows)
{
    int i, count;
    const char **config = rest_pgsql_list(reader, rows, CONFIG, &count);
    apr_pool_t *p = reader->schema->pool;

    routine->settings = apr_palloc(p, sizeof(*routine->settings) * (apr_size_t)(count * 2 + 1));
    for (i = 0; i < count; i++) {
        apr_size_t len = strcspn(config[i], "=");
        const char *name = apr_pstrmemdup(p, config[i], len);
        const char *value = config[i] + len + (config[i][len] == '=');

        if (strcmp(name, "default_transaction_isolation") == 0) {
            routine->isolation = value;
        }
        else {
            routine->settings[routine->nsettings * 2] = name;
            routine->settings[routine->nsettings++ * 2 + 1] = value;
        }
    }
}

/** A function of one row that gives rows: a way from the one relation to the other. */
static void read_computed(const rest_routine_t *routine, rest_pgsql_reader_t *reader,
                          const app_rows_t *rows)
{
    const rest_relation_t *from = rest_pgsql_class(reader, app_rows_int(rows, ARGUMENT_OID));
    const rest_relation_t *to = routine->relation;
    rest_link_t *link;

    if (!from || !to || !rest_pgsql_is_exposed(from) ||
        from->schema != routine->schema || to->schema != routine->schema) {
        return;
    }
    link = apr_pcalloc(reader->schema->pool, sizeof(*link));
    link->cardinality = REST_COMPUTED;
    link->from = from;
    link->to = to;
    link->routine = routine;
    link->to_one = !rest_pgsql_true(rows, TO_MANY);
    APR_ARRAY_PUSH(reader->computed, rest_link_t *) = link;
}

static rest_volatility_e volatility_of(const char *letter)
{
    return *letter == 'i' ? REST_IMMUTABLE : *letter == 's' ? REST_STABLE : REST_VOLATILE;
}

/** What cannot be called by name is made nevertheless: a link may need it. */
static void read_routine(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_space_t *space = rest_schema_space(reader->schema, app_rows_text(rows, SPACE, NULL));
    const char *name = app_rows_text(rows, NAME, NULL);
    rest_routine_t *routine = rest_pgsql_true(rows, CALLABLE)
                                  ? rest_schema_routine_add(reader->schema, space, name)
                                  : rest_schema_routine_make(reader->schema, space, name);

    (void)ctx;
    routine->comment = rest_pgsql_text(reader, rows, COMMENT);
    routine->volatility = volatility_of(app_rows_text(rows, VOLATILITY, NULL));
    read_params(routine, reader, rows);
    read_result(routine, reader, rows);
    read_config(routine, reader, rows);
    read_computed(routine, reader, rows);
}

apr_status_t rest_pgsql_read_routines(rest_pgsql_reader_t *reader)
{
    return rest_pgsql_each(reader, routines_sql, &reader->spaces, read_routine, NULL);
}

static void read_handler(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    apr_int64_t oid = app_rows_int(rows, HANDLER_OID);
    rest_relation_t *relation = rest_pgsql_class(reader, oid);
    rest_handler_t **plist = relation ? &relation->handlers : &reader->schema->handlers;
    rest_handler_t *handler;

    (void)ctx;
    if (oid && !relation) {
        return;
    }
    handler = apr_pcalloc(reader->schema->pool, sizeof(*handler));
    handler->ident = rest_pgsql_text(reader, rows, HANDLER);
    handler->media = rest_pgsql_text(reader, rows, HANDLER_MEDIA);
    handler->bytes = rest_pgsql_true(rows, HANDLER_BYTES) != 0;
    handler->next = *plist;
    *plist = handler;
}

apr_status_t rest_pgsql_read_handlers(rest_pgsql_reader_t *reader)
{
    return rest_pgsql_each(reader, handlers_sql, &reader->spaces, read_handler, NULL);
}
