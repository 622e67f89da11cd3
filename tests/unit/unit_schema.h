/* SPDX-License-Identifier: Apache-2.0 */
/** Snapshots from a few words, and their links as text. */
#ifndef UNIT_SCHEMA_H
#define UNIT_SCHEMA_H

#include "unit.h"

#include "apr_strings.h"

#include "rest_schema.h"

/** The next word in front of one of the ends, which is skipped too; NULL: none is left. */
static inline const char *schema_word(const char **ptext, const char *ends)
{
    const char *word = *ptext + strspn(*ptext, " "), *end = word + strcspn(word, ends);

    *ptext = end + (*end != '\0');
    return end > word ? apr_pstrmemdup(unit_pool, word, (apr_size_t)(end - word)) : NULL;
}

/** "schema.name", where the schema "public" need not be said. @return the name */
static inline const char *schema_split(const char **pschema, const char *name)
{
    const char *dot = strchr(name, '.');

    *pschema = dot ? apr_pstrmemdup(unit_pool, name, (apr_size_t)(dot - name)) : "public";
    return dot ? dot + 1 : name;
}

static inline const char **schema_words(const char *text, int *pcount)
{
    const char **words = NULL, *word;

    *pcount = 0;
    while ((word = schema_word(&text, " ,"))) {
        const char **longer = apr_pcalloc(unit_pool, sizeof(*words) * (apr_size_t)(*pcount + 1));

        memcpy(longer, words ? words : longer, sizeof(*words) * (apr_size_t)*pcount);
        words = longer;
        words[(*pcount)++] = word;
    }
    return words;
}

static inline void schema_add_origin(rest_schema_t *schema, const rest_relation_t *view,
                                     const char *column, const char *table)
{
    rest_origin_t *origin = apr_pcalloc(unit_pool, sizeof(*origin));
    const char *dot = strrchr(table, '.');

    origin->schema = view->schema;
    origin->view = view->name;
    origin->column = column;
    origin->table_column = dot + 1;
    origin->table = schema_split(&origin->table_schema,
                                 apr_pstrmemdup(unit_pool, table, (apr_size_t)(dot - table)));
    origin->next = schema->origins;
    schema->origins = origin;
}

/**
 * "name column* column:type view_column=table.column column=default": a star for the primary key.
 */
static inline void schema_add_relation(rest_schema_t *schema, const char *text, int is_view)
{
    const char *in, *name = schema_split(&in, schema_word(&text, " ")), *word, *origin;
    rest_space_t *space = rest_schema_space(schema, in);
    rest_relation_t *relation = space ? rest_schema_relation_add(schema, space, name)
                                      : rest_schema_relation_make(schema, name);
    rest_key_t *key = apr_pcalloc(unit_pool, sizeof(*key));
    const char *names = "";

    relation->is_view = is_view != 0;
    relation->rowid = !is_view;
    relation->insertable = relation->updatable = relation->deletable = 1;
    while ((word = schema_word(&text, " "))) {
        const char *column = schema_word(&word, "*=:");
        int is_key = word[-1] == '*';
        const char *type = word[-1] == ':' ? schema_word(&word, "=") : "integer";
        rest_column_t *made = rest_schema_column_add(schema, relation, column, type);

        if (is_key) {
            names = apr_pstrcat(unit_pool, names, " ", column, NULL);
            rest_schema_key_add(schema, relation, made);
        }
        else if ((origin = schema_word(&word, " ")) && strchr(origin, '.')) {
            schema_add_origin(schema, relation, column, origin);
        }
        else if (origin) {
            made->default_value = origin;
        }
    }
    if (!space && *names) {
        key->schema = in;
        key->table = name;
        key->columns = schema_words(names, &key->ncolumns);
        key->next = schema->hidden_keys;
        schema->hidden_keys = key;
    }
}

/** "name table(column,column) table(column,column) unique" */
static inline void schema_add_key(rest_schema_t *schema, const char *text)
{
    rest_foreign_key_t *key = apr_pcalloc(unit_pool, sizeof(*key));

    key->name = schema_word(&text, " ");
    key->table = schema_split(&key->schema, schema_word(&text, "("));
    key->columns = schema_words(schema_word(&text, ")"), &key->ncolumns);
    key->to_table = schema_split(&key->to_schema, schema_word(&text, "("));
    key->to_columns = schema_words(schema_word(&text, ")"), &key->ncolumns);
    key->unique = schema_word(&text, " ") != NULL;
    key->next = schema->foreign_keys;
    schema->foreign_keys = key;
}

/** A computed relationship: "name from to", with "one" behind it where it is to-one. */
static inline void schema_add_computed(rest_schema_t *schema, const char *text)
{
    rest_link_t *link = apr_pcalloc(unit_pool, sizeof(*link));
    rest_space_t *space = rest_schema_space(schema, "public");

    link->cardinality = REST_COMPUTED;
    link->routine = rest_schema_routine_make(schema, space, schema_word(&text, " "));
    link->from = rest_schema_relation(schema, "public", schema_word(&text, " "));
    link->to = rest_schema_relation(schema, "public", schema_word(&text, " "));
    link->to_one = schema_word(&text, " ") != NULL;
    ((rest_routine_t *)link->routine)->body =
        apr_psprintf(unit_pool, "SELECT * FROM %s WHERE id > :row.id", link->to->name);
    rest_schema_link_add(schema, link);
}

/** "role table right columns filter": the columns divided by commas, "*" for all; no filter. */
static inline void schema_add_grant(rest_schema_t *schema, const char *text)
{
    static const char *const rights[] = { "select", "insert", "update", "delete" };
    const char *role = schema_word(&text, " "), *table = schema_word(&text, " ");
    const char *right = schema_word(&text, " "), *columns = schema_word(&text, " ");
    rest_relation_t *relation = rest_schema_relation(schema, "public", table);
    const char *filter = text ? schema_word(&text, ";") : NULL;
    int i;

    for (i = 0; i < 4; i++) {
        if (strcmp(right, rights[i]) == 0 || strcmp(right, "all") == 0) {
            rest_schema_grant_add(schema, relation, role, (rest_right_e)i,
                                  columns && *columns != '*' ? columns : NULL, filter, NULL);
        }
    }
}

/**
 * A snapshot of "table a id* b:text", "view v id=a.id", "key k a(b) b(id)", and once these are
 * linked, of "computed f a b one" and "grant role a select id,b id > 0", divided by ";". Served are
 * the schemas public and api.
 */
static inline rest_schema_t *schema_of_words(app_db_kind_e kind, const char *text)
{
    apr_array_header_t *spaces = apr_array_make(unit_pool, 2, sizeof(const char *));
    rest_schema_t *schema;
    const char *words;

    APR_ARRAY_PUSH(spaces, const char *) = "public";
    APR_ARRAY_PUSH(spaces, const char *) = "api";
    schema = rest_schema_create(kind, spaces, unit_pool);
    while ((words = schema_word(&text, ";"))) {
        const char *what = schema_word(&words, " ");

        if (strcmp(what, "key") == 0) {
            schema_add_key(schema, words);
        }
        else if (strcmp(what, "table") == 0 || strcmp(what, "view") == 0) {
            schema_add_relation(schema, words, strcmp(what, "view") == 0);
        }
    }
    rest_schema_sort(schema);
    return schema;
}

/** The same with its links, and with what hangs on them. */
static inline rest_schema_t *schema_linked(app_db_kind_e kind, const char *text)
{
    rest_schema_t *schema = schema_of_words(kind, text);
    const char *words;

    rest_schema_link(schema);
    while ((words = schema_word(&text, ";"))) {
        const char *what = schema_word(&words, " ");

        if (strcmp(what, "computed") == 0) {
            schema_add_computed(schema, words);
        }
        else if (strcmp(what, "grant") == 0) {
            schema_add_grant(schema, words);
        }
    }
    return schema;
}

static inline const char *schema_pairs(const rest_pair_t *pairs, int count)
{
    const char *text = "(";
    int i;

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(unit_pool, text, i ? "," : "", pairs[i].from->name, "=",
                           pairs[i].to->name, NULL);
    }
    return apr_pstrcat(unit_pool, text, ")", NULL);
}

static inline const char *schema_link_text(const rest_link_t *link)
{
    static const char *const words[] = { "m2o", "o2m", "o2o", "m2m", "computed" };
    const char *text = apr_pstrcat(unit_pool, link->from->name, " ", words[link->cardinality],
                                   link->owner ? "+" : "", " ", link->to->name, NULL);

    if (link->routine) {
        return apr_pstrcat(unit_pool, text, " ", link->routine->name,
                           link->to_one ? " to one" : "", NULL);
    }
    text = apr_pstrcat(unit_pool, text, " ", link->constraint,
                       schema_pairs(link->pairs, link->npairs), NULL);
    if (link->junction) {
        text = apr_pstrcat(unit_pool, text, " ", link->junction->name, " ", link->onward,
                           schema_pairs(link->onward_pairs, link->nonward_pairs), NULL);
    }
    return text;
}

/** All links, each with an end behind it. */
static inline const char *schema_links(const rest_schema_t *schema, const char *end)
{
    const char *text = "";
    const rest_link_t *link;
    int i, j;

    for (i = 0; i < schema->nspaces; i++) {
        for (j = 0; j < schema->spaces[i].nrelations; j++) {
            for (link = schema->spaces[i].relations[j]->links; link; link = link->next) {
                text = apr_pstrcat(unit_pool, text, schema_link_text(link), end, NULL);
            }
        }
    }
    return text;
}

#endif
