/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite's failures with SQLSTATE and in PostgreSQL's words, so that a client of the data API need
 * not know which database it talks to. What SQLite says is a code and, for constraints and SQL that
 * is wrong, a text.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_db_sqlite.h"

typedef struct said_t {
    const char *prefix;   /* of SQLite's text */
    const char *suffix;   /* cut off its end, if it is there */
    const char *sqlstate;
    const char *format;   /* one %s at most: what stands between */
} said_t;

/* Texts of SQLITE_ERROR. */
static const said_t said[] = {
    { "no such table: ", NULL, "42P01", "relation \"%s\" does not exist" },
    { "no such view: ", NULL, "42P01", "view \"%s\" does not exist" },
    { "no such index: ", NULL, "42704", "index \"%s\" does not exist" },
    { "no such column: ", NULL, "42703", "column \"%s\" does not exist" },
    { "no such function: ", NULL, "42883", "function %s does not exist" },
    { "wrong number of arguments to function ", NULL, "42883",
      "function %s with so many arguments does not exist" },
    { "not authorized to use function: ", NULL, "42501", "permission denied for function %s" },
    { "ambiguous column name: ", NULL, "42702", "column reference \"%s\" is ambiguous" },
    { "near ", ": syntax error", "42601", "syntax error at or near %s" },
    { "unrecognized token: ", NULL, "42601", "syntax error at or near %s" },
    { "incomplete input", NULL, "42601", "syntax error at end of input" },
    { "table ", " already exists", "42P07", "relation \"%s\" already exists" },
    { "index ", " already exists", "42P07", "relation \"%s\" already exists" },
    { "integer overflow", NULL, "22003", "bigint out of range" },
    { "malformed JSON", NULL, "22P02", "invalid input syntax for type json" },
    { "ON CONFLICT clause does not match any", NULL, "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification" },
    { "cannot UPSERT a view", NULL, "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification" },
    { "string or blob too big", NULL, "54000", "a value is too long" },
    { "too many ", NULL, "54000", "too many %s" },
    { "at most ", " tables in a join", "54000", "more than %s tables are joined" },
    { "Expression tree is too large", NULL, "54001", "the expression is nested too deeply" },
    { "parser stack overflow", NULL, "54001", "the statement is nested too deeply" },
};

static apr_status_t fail_said(const said_t *row, const char *text, app_error_t *err)
{
    const char *rest = text + strlen(row->prefix);
    apr_size_t len = strlen(rest), end = row->suffix ? strlen(row->suffix) : 0;
    const char *gap = strstr(row->format, "%s"), *message = row->format;

    if (end && len >= end && strcmp(rest + len - end, row->suffix) == 0) {
        len -= end;
    }
    if (gap) {
        message = apr_psprintf(err->pool, "%.*s%.*s%s", (int)(gap - row->format), row->format,
                               (int)len, rest, gap + 2);
    }
    return app_db_fail(err, row->sqlstate, "%s", message);
}

/** "table T has no column named C" has two names in it. */
static apr_status_t fail_no_column(const char *text, app_error_t *err)
{
    static const char middle[] = " has no column named ";
    const char *column = strstr(text, middle);

    return app_db_fail(err, "42703", "column \"%s\" of relation \"%.*s\" does not exist",
                       column + strlen(middle), (int)(column - text) - 6, text + 6);
}

static int starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static apr_status_t fail_by_text(const char *text, app_error_t *err)
{
    apr_size_t i;

    if (starts(text, "table ") && strstr(text, " has no column named ")) {
        return fail_no_column(text, err);
    }
    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        apr_size_t len = strlen(text), end = said[i].suffix ? strlen(said[i].suffix) : 0;

        if (starts(text, said[i].prefix) &&
            (len < end || !end || strcmp(text + len - end, said[i].suffix) == 0)) {
            return fail_said(&said[i], text, err);
        }
    }
    return app_db_fail(err, "XX000", "%s", text);
}

/* Constraints */

/** What follows "… constraint failed: ". */
static const char *constraint_of(const char *text)
{
    const char *colon = strstr(text, " failed: ");

    return colon ? colon + strlen(" failed: ") : "";
}

/**
 * "t.a, t.b" as PostgreSQL would name the constraint: t_a_b_key, or t_pkey.
 * @param pkey the columns are the primary key
 */
static const char *key_name(const char *columns, int pkey, app_buf_t *details, apr_pool_t *p)
{
    const char *dot = strchr(columns, '.'), *index = NULL;
    app_buf_t name;

    if (starts(columns, "index '")) {
        index = apr_pstrdup(p, columns + strlen("index '"));
        ((char *)index)[strcspn(index, "'")] = '\0';
        return index;
    }
    if (!dot) {
        return columns;
    }
    app_buf_init(&name, p, 4096);
    app_buf_add(&name, columns, (apr_size_t)(dot - columns));
    app_buf_adds(details, "Key (");
    for (; dot; dot = strchr(dot + 1, '.')) {
        apr_size_t len = strcspn(dot + 1, ",");

        if (!pkey) {
            app_buf_addc(&name, '_');
            app_buf_add(&name, dot + 1, len);
        }
        app_buf_add(details, dot + 1, len);
        app_buf_adds(details, dot[1 + len] ? ", " : ") already exists.");
    }
    app_buf_adds(&name, pkey ? "_pkey" : "_key");
    return name.data;
}

static apr_status_t fail_unique(const char *text, int pkey, app_error_t *err)
{
    app_buf_t details;
    const char *name;

    app_buf_init(&details, err->pool, 4096);
    name = key_name(constraint_of(text), pkey, &details, err->pool);
    app_db_fail(err, "23505", "duplicate key value violates unique constraint \"%s\"", name);
    return details.len ? app_details(err, "%s", details.data) : APP_EFAIL;
}

static apr_status_t fail_not_null(const char *text, app_error_t *err)
{
    const char *place = constraint_of(text), *dot = strchr(place, '.');

    if (!dot) {
        return app_db_fail(err, "23502", "%s", text);
    }
    return app_db_fail(err, "23502",
                       "null value in column \"%s\" of relation \"%.*s\" violates not-null "
                       "constraint",
                       dot + 1, (int)(dot - place), place);
}

/** RAISE in a trigger: "PT402: text" chooses the status, as SQLSTATE PT402 does on PostgreSQL. */
static apr_status_t fail_raised(const char *text, app_error_t *err)
{
    char sqlstate[6];

    if (starts(text, "PT") && strlen(text) > 6 && text[5] == ':') {
        apr_cpystrn(sqlstate, text, sizeof(sqlstate));
        text += 6;
        return app_db_fail(err, sqlstate, "%s", text + strspn(text, " "));
    }
    return app_db_fail(err, "P0001", "%s", text);
}

static apr_status_t fail_constraint(int rc, const char *text, app_error_t *err)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return fail_unique(text, 1, err);
    case SQLITE_CONSTRAINT_UNIQUE:
        return fail_unique(text, 0, err);
    case SQLITE_CONSTRAINT_NOTNULL:
        return fail_not_null(text, err);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return app_db_fail(err, "23503", "the change violates a foreign key constraint");
    case SQLITE_CONSTRAINT_CHECK:
        return app_db_fail(err, "23514", "new row violates check constraint \"%s\"",
                           constraint_of(text));
    case SQLITE_CONSTRAINT_TRIGGER:
        return fail_raised(text, err);
    case SQLITE_CONSTRAINT_DATATYPE:
        return app_db_fail(err, "22P02", "%s", text);
    default:
        return app_db_fail(err, "23000", "%s", text);
    }
}

/* Codes */

static const struct {
    int         code; /* primary */
    const char *sqlstate;
    const char *message;
} codes[] = {
    { SQLITE_READONLY, "25006", "the database can only be read" },
    { SQLITE_AUTH, "42501", "permission denied" },
    { SQLITE_MISMATCH, "22P02", "a value does not fit the type of its column" },
    { SQLITE_FULL, "53100", "could not extend the database: no space left on device" },
    { SQLITE_NOMEM, "53200", "out of memory" },
    { SQLITE_TOOBIG, "54000", "a value or statement is too long" },
    { SQLITE_IOERR, "58030", "could not read or write the database: I/O error" },
    { SQLITE_CORRUPT, "XX001", "the database is damaged" },
    { SQLITE_NOTADB, "XX001", "the file is not a database" },
    { SQLITE_CANTOPEN, "08006", "the database cannot be opened" },
    { SQLITE_PROTOCOL, "58030", "could not lock the database" },
    { SQLITE_RANGE, "08P01", "a parameter is missing" },
};

apr_status_t app_lite_fail_busy(app_error_t *err)
{
    app_db_fail(err, "55P03", "could not obtain lock on the database");
    err->status = 503;
    err->retry_after = APP_DB_RETRY_AFTER;
    return APP_EFAIL;
}

static apr_status_t fail_by_code(const app_lite_t *lite, int rc, const char *text, app_error_t *err)
{
    apr_size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].code == (rc & 0xFF)) {
            app_db_fail(err, codes[i].sqlstate, "%s", codes[i].message);
            return app_log_only(err, "%s: SQLite code %d: %s", lite->conn->db->url.path, rc, text);
        }
    }
    return fail_by_text(text, err);
}

static apr_status_t fail_stopped(const app_lite_t *lite, app_error_t *err)
{
    return app_db_fail(err, "57014", "canceling statement due to %s",
                       lite->stopped == APP_LITE_GONE ? "user request" : "statement timeout");
}

apr_status_t app_lite_fail(app_lite_t *lite, int rc, app_error_t *err)
{
    const char *text = sqlite3_errmsg(lite->link), *sqlstate = lite->sqlstate;
    int primary = rc & 0xFF;

    lite->sqlstate = NULL;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        return app_lite_fail_busy(err);
    }
    if (primary == SQLITE_INTERRUPT) {
        return fail_stopped(lite, err);
    }
    if (primary == SQLITE_CONSTRAINT) {
        return fail_constraint(rc, text, err);
    }
    if (primary == SQLITE_CANTOPEN || primary == SQLITE_NOTADB || primary == SQLITE_IOERR) {
        lite->conn->broken = 1;
    }
    if (primary == SQLITE_ERROR && sqlstate) {
        return app_db_fail(err, sqlstate, "%s", text);
    }
    return fail_by_code(lite, rc, text, err);
}
