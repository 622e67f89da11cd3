/* SPDX-License-Identifier: Apache-2.0 */
/** CREATE statements of SQLite. Used by the readers of its catalogue, in the thread that loads. */
#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_ddl.h"

/** The way through the brackets of CREATE TABLE. */
typedef struct reader_t {
    rest_ddl_t          c;
    rest_ddl_table_t   *table;
    const char         *column;     /* whose definition this is; NULL: behind the columns */
    const char         *constraint; /* name of the constraint to come; NULL: none was given */
    apr_array_header_t *columns;    /* of FOREIGN KEY, before its REFERENCES */
    apr_pool_t         *pool;
} reader_t;

/** Names divided by commas, from an opening bracket to behind the closing one. */
static apr_array_header_t *read_names(rest_ddl_t *c, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(char *));

    rest_ddl_next(c);
    while (rest_ddl_is_name(c)) {
        APR_ARRAY_PUSH(names, const char *) = rest_ddl_text(c, p);
        rest_ddl_next(c);
        if (rest_ddl_is_sign(c, ',')) {
            rest_ddl_next(c);
        }
    }
    if (rest_ddl_is_sign(c, ')')) {
        rest_ddl_next(c);
    }
    return names;
}

/** At REFERENCES. */
static void read_reference(reader_t *reader)
{
    rest_ddl_key_t *key;

    if (reader->columns || reader->column) {
        key = apr_array_push(reader->table->keys);
        key->name = reader->constraint;
        key->columns = reader->columns;
        if (!key->columns) {
            key->columns = apr_array_make(reader->pool, 1, sizeof(char *));
            APR_ARRAY_PUSH(key->columns, const char *) = reader->column;
        }
    }
    reader->columns = NULL;
    reader->constraint = NULL;
    rest_ddl_next(&reader->c);
    rest_ddl_next(&reader->c);
}

/** At FOREIGN. */
static void read_foreign(reader_t *reader)
{
    rest_ddl_next(&reader->c);
    rest_ddl_next(&reader->c);
    if (rest_ddl_is_sign(&reader->c, '(')) {
        reader->columns = read_names(&reader->c, reader->pool);
    }
}

/** Whether these are strings divided by commas, up to the closing bracket, and nothing else. */
static int read_strings(rest_ddl_t *c, apr_array_header_t *strings, apr_pool_t *p)
{
    while (c->kind == REST_TOKEN_STRING) {
        APR_ARRAY_PUSH(strings, const char *) = rest_ddl_text(c, p);
        rest_ddl_next(c);
        if (rest_ddl_is_sign(c, ')')) {
            return 1;
        }
        if (rest_ddl_is_sign(c, ',')) {
            rest_ddl_next(c);
        }
    }
    return 0;
}

/** At the bracket behind CHECK. A condition that says more than IN is passed over. */
static void read_labels(reader_t *reader)
{
    rest_ddl_t c = reader->c;
    rest_ddl_labels_t labels, *added;

    rest_ddl_next(&c);
    if (!rest_ddl_is_name(&c)) {
        return;
    }
    labels.column = rest_ddl_text(&c, reader->pool);
    labels.labels = apr_array_make(reader->pool, 4, sizeof(char *));
    rest_ddl_next(&c);
    if (!rest_ddl_is(&c, "IN")) {
        return;
    }
    rest_ddl_next(&c);
    if (!rest_ddl_is_sign(&c, '(')) {
        return;
    }
    rest_ddl_next(&c);
    if (!read_strings(&c, labels.labels, reader->pool)) {
        return;
    }
    rest_ddl_next(&c);
    if (rest_ddl_is_sign(&c, ')')) {
        added = apr_array_push(reader->table->labels);
        *added = labels;
    }
}

static rest_ddl_rule_t *add_rule(reader_t *reader, rest_ddl_rule_e kind)
{
    rest_ddl_rule_t *rule = apr_array_push(reader->table->rules);

    rule->kind = kind;
    rule->name = reader->constraint;
    rule->columns = apr_array_make(reader->pool, 2, sizeof(char *));
    rule->text = NULL;
    reader->constraint = NULL;
    return rule;
}

/** Behind the bracket of CHECK. @param end of what it says */
static void read_condition(rest_ddl_rule_t *rule, rest_ddl_t c, const char *end, apr_pool_t *p)
{
    const char *start = c.text;

    for (; c.kind != REST_TOKEN_END && c.text < end; rest_ddl_next(&c)) {
        if (c.kind == REST_TOKEN_WORD || c.kind == REST_TOKEN_NAME) {
            APR_ARRAY_PUSH(rule->columns, const char *) = rest_ddl_text(&c, p);
        }
    }
    while (end > start && apr_isspace(end[-1])) {
        end--;
    }
    rule->text = apr_pstrmemdup(p, start, end > start ? (apr_size_t)(end - start) : 0);
}

/** At CHECK. */
static void read_check(reader_t *reader)
{
    rest_ddl_rule_t *rule;
    rest_ddl_t inside;
    const char *end;

    rest_ddl_next(&reader->c);
    if (rest_ddl_is_sign(&reader->c, '(')) {
        read_labels(reader);
        rule = add_rule(reader, REST_DDL_CHECK);
        inside = reader->c;
        rest_ddl_next(&inside);
        rest_ddl_skip(&reader->c);
        end = reader->c.kind == REST_TOKEN_END ? reader->c.next : reader->c.text;
        while (end > inside.text && *--end != ')') {
        }
        read_condition(rule, inside, end, reader->pool);
    }
    reader->constraint = NULL;
}

/** At UNIQUE, or the KEY of PRIMARY KEY. What stands behind a column's name is passed over. */
static void read_unique(reader_t *reader, rest_ddl_rule_e kind)
{
    rest_ddl_rule_t *rule = add_rule(reader, kind);
    rest_ddl_t *c = &reader->c;
    int first = 1;

    rest_ddl_next(c);
    if (reader->column || !rest_ddl_is_sign(c, '(')) {
        APR_ARRAY_PUSH(rule->columns, const char *) = reader->column ? reader->column : "";
        return;
    }
    for (rest_ddl_next(c); c->kind != REST_TOKEN_END && !rest_ddl_is_sign(c, ')');
         rest_ddl_next(c)) {
        if (first && rest_ddl_is_name(c)) {
            APR_ARRAY_PUSH(rule->columns, const char *) = rest_ddl_text(c, reader->pool);
        }
        first = rest_ddl_is_sign(c, ',');
    }
    rest_ddl_next(c);
}

/** At PRIMARY. */
static void read_primary(reader_t *reader)
{
    rest_ddl_next(&reader->c);
    if (rest_ddl_is(&reader->c, "KEY")) {
        read_unique(reader, REST_DDL_PRIMARY);
    }
}

static int is_one_of(const rest_ddl_t *c, const char *const *keywords)
{
    while (*keywords && !rest_ddl_is(c, *keywords)) {
        keywords++;
    }
    return *keywords != NULL;
}

/** At CONSTRAINT. */
static void read_constraint_name(reader_t *reader)
{
    rest_ddl_next(&reader->c);
    if (rest_ddl_is_name(&reader->c)) {
        reader->constraint = rest_ddl_text(&reader->c, reader->pool);
        rest_ddl_next(&reader->c);
    }
}

/** One step through a column or constraint. */
static void read_part(reader_t *reader)
{
    static const char *const others[] = { "NOT", "NULL", "DEFAULT", "COLLATE", "GENERATED", "AS",
                                          NULL };
    rest_ddl_t *c = &reader->c;

    if (rest_ddl_is(c, "CONSTRAINT")) {
        read_constraint_name(reader);
    }
    else if (rest_ddl_is(c, "FOREIGN")) {
        read_foreign(reader);
    }
    else if (rest_ddl_is(c, "REFERENCES")) {
        read_reference(reader);
    }
    else if (rest_ddl_is(c, "CHECK")) {
        read_check(reader);
    }
    else if (rest_ddl_is(c, "UNIQUE")) {
        read_unique(reader, REST_DDL_UNIQUE);
    }
    else if (rest_ddl_is(c, "PRIMARY")) {
        read_primary(reader);
    }
    else if (rest_ddl_is_sign(c, '(')) {
        rest_ddl_skip(c);
    }
    else {
        reader->constraint = is_one_of(c, others) ? NULL : reader->constraint;
        rest_ddl_next(c);
    }
}

/** At the begin of a column or of what follows the columns. */
static void begin_part(reader_t *reader)
{
    static const char *const constraints[] = { "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK",
                                               "FOREIGN", NULL };

    reader->column = NULL;
    reader->constraint = NULL;
    reader->columns = NULL;
    if (rest_ddl_is_name(&reader->c) && !is_one_of(&reader->c, constraints)) {
        reader->column = rest_ddl_text(&reader->c, reader->pool);
        rest_ddl_next(&reader->c);
    }
}

static void go_to_bracket(rest_ddl_t *c, const char *sql)
{
    rest_ddl_start(c, sql);
    while (c->kind != REST_TOKEN_END && !rest_ddl_is_sign(c, '(')) {
        rest_ddl_next(c);
    }
}

void rest_ddl_table(rest_ddl_table_t *table, const char *sql, apr_pool_t *p)
{
    reader_t reader = { .table = table, .pool = p };

    table->keys = apr_array_make(p, 2, sizeof(rest_ddl_key_t));
    table->labels = apr_array_make(p, 2, sizeof(rest_ddl_labels_t));
    table->rules = apr_array_make(p, 4, sizeof(rest_ddl_rule_t));
    go_to_bracket(&reader.c, sql);
    rest_ddl_next(&reader.c);
    begin_part(&reader);
    while (reader.c.kind != REST_TOKEN_END && !rest_ddl_is_sign(&reader.c, ')')) {
        if (rest_ddl_is_sign(&reader.c, ',')) {
            rest_ddl_next(&reader.c);
            begin_part(&reader);
        }
        else {
            read_part(&reader);
        }
    }
}

/** One argument, up to the comma or bracket behind it. */
static void read_argument(rest_ddl_t *c, rest_ddl_argument_t *argument, apr_pool_t *p)
{
    argument->name = rest_ddl_text(c, p);
    argument->value = NULL;
    argument->unindexed = 0;
    rest_ddl_next(c);
    if (rest_ddl_is_sign(c, '=')) {
        rest_ddl_next(c);
        argument->value = rest_ddl_text(c, p);
    }
    while (c->kind != REST_TOKEN_END && !rest_ddl_is_sign(c, ',') && !rest_ddl_is_sign(c, ')')) {
        argument->unindexed |= rest_ddl_is(c, "UNINDEXED");
        rest_ddl_next(c);
    }
}

const apr_array_header_t *rest_ddl_virtual(const char *sql, const char *module, apr_pool_t *p)
{
    apr_array_header_t *arguments;
    rest_ddl_t c;

    rest_ddl_start(&c, sql);
    rest_ddl_next(&c);
    if (!rest_ddl_is(&c, "VIRTUAL")) {
        return NULL;
    }
    while (c.kind != REST_TOKEN_END && !rest_ddl_is(&c, "USING")) {
        rest_ddl_next(&c);
    }
    rest_ddl_next(&c);
    if (!rest_ddl_is_name(&c) || strcasecmp(rest_ddl_text(&c, p), module) != 0) {
        return NULL;
    }
    arguments = apr_array_make(p, 8, sizeof(rest_ddl_argument_t));
    rest_ddl_next(&c);
    while (rest_ddl_is_sign(&c, '(') || rest_ddl_is_sign(&c, ',')) {
        rest_ddl_next(&c);
        if (rest_ddl_is_name(&c)) {
            read_argument(&c, apr_array_push(arguments), p);
        }
    }
    return arguments;
}

int rest_ddl_trigger(rest_right_e *pright, const char *sql)
{
    rest_ddl_t c;
    int instead = 0;

    for (rest_ddl_start(&c, sql); c.kind != REST_TOKEN_END; rest_ddl_next(&c)) {
        if (instead && rest_ddl_is(&c, "OF")) {
            rest_ddl_next(&c);
            *pright = rest_ddl_is(&c, "INSERT")   ? REST_RIGHT_INSERT
                      : rest_ddl_is(&c, "UPDATE") ? REST_RIGHT_UPDATE
                                                  : REST_RIGHT_DELETE;
            return 1;
        }
        instead = rest_ddl_is(&c, "INSTEAD");
    }
    return 0;
}
