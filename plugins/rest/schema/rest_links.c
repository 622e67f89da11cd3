/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Ways between relations: foreign keys as they are seen through the tables and views that are
 * exposed. Called by the readers of both catalogues, in the thread that loads, behind
 * rest_schema_sort().
 */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"
#include "apr_tables.h"

#include "rest_schema.h"

/** Combinations of names under which one view shows the columns of one key; more are nonsense. */
#define WAYS_MAX 64

/** A column of a view with the table's column that it stands for. */
typedef struct shown_t {
    const rest_origin_t *origin;
    rest_relation_t     *view;
    const rest_column_t *column;
} shown_t;

/** A relation that shows all columns of one side of a key, and under which names. */
typedef struct way_t {
    rest_relation_t      *relation;
    const rest_column_t **columns;
} way_t;

/** A foreign key whose columns are part of its relation's primary key: half of a many-to-many. */
typedef struct half_t {
    const rest_foreign_key_t *key;
    const rest_link_t        *out, *back;
} half_t;

typedef struct maker_t {
    rest_schema_t      *schema;
    apr_array_header_t *shown; /* shown_t, sorted */
    apr_array_header_t *links; /* rest_link_t * */
    apr_array_header_t *halves;
    apr_pool_t         *ptemp;
} maker_t;

/** The columns of a key, and the ways found so far. */
typedef struct side_t {
    const char        **names;
    int                 ncolumns;
    const rest_column_t **columns; /* those of the way being made */
    apr_array_header_t *ways;
    apr_pool_t         *pool;
} side_t;

static int compare_tables(const shown_t *a, const char *schema, const char *table)
{
    int order = strcmp(a->origin->table, table);

    return order ? order : strcmp(a->origin->table_schema, schema);
}

static int compare_relations(const rest_relation_t *a, const rest_relation_t *b)
{
    int order = strcmp(a->name, b->name);

    return order ? order : strcmp(a->schema, b->schema);
}

/** By table, by view, by the table's column, and then as the view has its columns. */
static int compare_shown(const void *a, const void *b)
{
    const shown_t *x = a, *y = b;
    int order = compare_tables(x, y->origin->table_schema, y->origin->table);

    if (!order) {
        order = compare_relations(x->view, y->view);
    }
    if (!order) {
        order = strcmp(x->origin->table_column, y->origin->table_column);
    }
    return order ? order : x->column->position - y->column->position;
}

/** The origins whose views are exposed, each once. */
static void read_origins(maker_t *maker)
{
    const rest_origin_t *origin;

    for (origin = maker->schema->origins; origin; origin = origin->next) {
        rest_relation_t *view = rest_schema_relation(maker->schema, origin->schema, origin->view);
        const rest_column_t *column = view ? rest_relation_column(view, origin->column) : NULL;

        if (column) {
            shown_t *shown = apr_array_push(maker->shown);

            shown->origin = origin;
            shown->view = view;
            shown->column = column;
        }
    }
    qsort(maker->shown->elts, (apr_size_t)maker->shown->nelts, sizeof(shown_t), compare_shown);
}

/** The first origin of a table, or where it would stand. */
static const shown_t *first_shown(const maker_t *maker, const char *schema, const char *table)
{
    const shown_t *list = (const shown_t *)maker->shown->elts;
    int low = 0, high = maker->shown->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (compare_tables(&list[middle], schema, table) < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return list + low;
}

static void add_way(side_t *side, rest_relation_t *relation)
{
    way_t *way = apr_array_push(side->ways);

    way->relation = relation;
    way->columns = apr_pmemdup(side->pool, side->columns,
                               sizeof(*side->columns) * (apr_size_t)side->ncolumns);
}

static void add_table(side_t *side, rest_relation_t *table)
{
    int i;

    for (i = 0; i < side->ncolumns; i++) {
        side->columns[i] = rest_relation_column(table, side->names[i]);
        if (!side->columns[i]) {
            return;
        }
    }
    add_way(side, table);
}

/** Adds each combination of a view's columns, from the one at on, that stands for the key's. */
static void add_view(side_t *side, const shown_t *from, const shown_t *to, int at, int max)
{
    const shown_t *shown;

    if (at == side->ncolumns) {
        add_way(side, from->view);
        return;
    }
    for (shown = from; shown < to && side->ways->nelts < max; shown++) {
        int again = shown > from && shown[-1].column == shown->column;

        if (!again && strcmp(shown->origin->table_column, side->names[at]) == 0) {
            side->columns[at] = shown->column;
            add_view(side, from, to, at + 1, max);
        }
    }
}

/** The relations that show all these columns of a table: itself and views. @return way_t */
static const apr_array_header_t *ways_of(const maker_t *maker, const char *schema,
                                         const char *table, const char **names, int ncolumns)
{
    const shown_t *end = (const shown_t *)maker->shown->elts + maker->shown->nelts;
    const shown_t *shown = first_shown(maker, schema, table), *next;
    rest_relation_t *itself = rest_schema_relation(maker->schema, schema, table);
    side_t side = { .names = names, .ncolumns = ncolumns, .pool = maker->ptemp };

    side.ways = apr_array_make(maker->ptemp, 1, sizeof(way_t));
    side.columns = apr_palloc(maker->ptemp, sizeof(*side.columns) * (apr_size_t)(ncolumns + 1));
    if (itself) {
        add_table(&side, itself);
    }
    for (; shown < end && compare_tables(shown, schema, table) == 0; shown = next) {
        for (next = shown; next < end && next->view == shown->view &&
                           compare_tables(next, schema, table) == 0; next++) {
        }
        add_view(&side, shown, next, 0, side.ways->nelts + WAYS_MAX);
    }
    return side.ways;
}

/** Gives views the primary key of a table that they show; of several names the first counts. */
static void inherit_key(maker_t *maker, const char *schema, const char *table, const char **names,
                        int ncolumns)
{
    const apr_array_header_t *ways = ways_of(maker, schema, table, names, ncolumns);
    const rest_relation_t *done = NULL;
    int i, j;

    for (i = 0; i < ways->nelts; i++) {
        const way_t *way = &APR_ARRAY_IDX(ways, i, way_t);

        for (j = 0; way->relation->is_view && way->relation != done && j < ncolumns; j++) {
            rest_schema_key_add(maker->schema, way->relation,
                                way->relation->columns[way->columns[j]->position]);
        }
        done = way->relation;
    }
}

static void inherit_keys_of(maker_t *maker, const rest_space_t *space)
{
    int i, j;

    for (i = 0; i < space->nrelations; i++) {
        const rest_relation_t *table = space->relations[i];
        const char **names = apr_palloc(maker->ptemp,
                                        sizeof(*names) * (apr_size_t)(table->nkeys + 1));

        for (j = 0; j < table->nkeys; j++) {
            names[j] = table->keys[j]->name;
        }
        if (!table->is_view && table->nkeys) {
            inherit_key(maker, table->schema, table->name, names, table->nkeys);
        }
    }
}

static void inherit_keys(maker_t *maker)
{
    const rest_key_t *key;
    int i;

    if (!maker->shown->nelts) {
        return;
    }
    for (i = 0; i < maker->schema->nspaces; i++) {
        inherit_keys_of(maker, &maker->schema->spaces[i]);
    }
    for (key = maker->schema->hidden_keys; key; key = key->next) {
        inherit_key(maker, key->schema, key->table, key->columns, key->ncolumns);
    }
}

static const rest_pair_t *pairs_of(const maker_t *maker, const way_t *from, const way_t *to,
                                   int count)
{
    rest_pair_t *pairs = apr_palloc(maker->schema->pool, sizeof(*pairs) * (apr_size_t)(count + 1));
    int i;

    for (i = 0; i < count; i++) {
        pairs[i].from = from->columns[i];
        pairs[i].to = to->columns[i];
    }
    return pairs;
}

static rest_link_t *add_link(maker_t *maker, rest_cardinality_e cardinality, const way_t *from,
                             const way_t *to, const rest_foreign_key_t *key)
{
    rest_link_t *link = apr_pcalloc(maker->schema->pool, sizeof(*link));

    link->cardinality = cardinality;
    link->from = from->relation;
    link->to = to->relation;
    link->constraint = key->name;
    link->pairs = pairs_of(maker, from, to, key->ncolumns);
    link->npairs = key->ncolumns;
    link->to_one = cardinality != REST_ONE_TO_MANY;
    APR_ARRAY_PUSH(maker->links, rest_link_t *) = link;
    return link;
}

static int is_key_column(const rest_relation_t *relation, const rest_column_t *column)
{
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        if (relation->keys[i] == column) {
            return 1;
        }
    }
    return 0;
}

static void add_half(maker_t *maker, const rest_foreign_key_t *key, const rest_link_t *out,
                     const rest_link_t *back)
{
    half_t *half;
    int i;

    for (i = 0; i < out->npairs; i++) {
        if (!is_key_column(out->from, out->pairs[i].from)) {
            return;
        }
    }
    half = apr_array_push(maker->halves);
    half->key = key;
    half->out = out;
    half->back = back;
}

/** Both directions between two relations that show the two sides of a key. */
static void connect_ways(maker_t *maker, const rest_foreign_key_t *key, const way_t *from,
                         const way_t *to)
{
    rest_link_t *out, *back;

    if (from->relation->schema != to->relation->schema) {
        return;
    }
    out = add_link(maker, key->unique ? REST_ONE_TO_ONE : REST_MANY_TO_ONE, from, to, key);
    back = add_link(maker, key->unique ? REST_ONE_TO_ONE : REST_ONE_TO_MANY, to, from, key);
    out->owner = key->unique;
    if (!key->unique) {
        add_half(maker, key, out, back);
    }
}

static void read_keys(maker_t *maker)
{
    const rest_foreign_key_t *key;
    int i, j;

    for (key = maker->schema->foreign_keys; key; key = key->next) {
        const apr_array_header_t *from =
            ways_of(maker, key->schema, key->table, key->columns, key->ncolumns);
        const apr_array_header_t *to =
            ways_of(maker, key->to_schema, key->to_table, key->to_columns, key->ncolumns);

        for (i = 0; i < from->nelts; i++) {
            for (j = 0; j < to->nelts; j++) {
                connect_ways(maker, key, &APR_ARRAY_IDX(from, i, way_t),
                             &APR_ARRAY_IDX(to, j, way_t));
            }
        }
    }
}

static int compare_halves(const void *a, const void *b)
{
    return compare_relations(((const half_t *)a)->out->from, ((const half_t *)b)->out->from);
}

static void join_halves(maker_t *maker, const half_t *first, const half_t *second)
{
    rest_link_t *link = apr_pcalloc(maker->schema->pool, sizeof(*link));

    link->cardinality = REST_MANY_TO_MANY;
    link->from = first->out->to;
    link->to = second->out->to;
    link->junction = first->out->from;
    link->constraint = first->key->name;
    link->pairs = first->back->pairs;
    link->npairs = first->back->npairs;
    link->onward = second->key->name;
    link->onward_pairs = second->out->pairs;
    link->nonward_pairs = second->out->npairs;
    APR_ARRAY_PUSH(maker->links, rest_link_t *) = link;
}

/** Two halves of one relation, of different keys, make a way across it. */
static void cross_junctions(maker_t *maker)
{
    const half_t *half = (const half_t *)maker->halves->elts, *other;
    const half_t *end = half + maker->halves->nelts;

    qsort(maker->halves->elts, (apr_size_t)maker->halves->nelts, sizeof(*half), compare_halves);
    for (; half < end; half++) {
        for (other = half + 1; other < end && other->out->from == half->out->from; other++) {
            if (other->key != half->key) {
                join_halves(maker, half, other);
                join_halves(maker, other, half);
            }
        }
    }
}

static int compare_pairs(const rest_pair_t *a, int na, const rest_pair_t *b, int nb)
{
    int i, order = na - nb;

    for (i = 0; !order && i < na; i++) {
        order = a[i].from->position - b[i].from->position;
        if (!order) {
            order = a[i].to->position - b[i].to->position;
        }
    }
    return order;
}

/** Texts that the cardinality may leave out. */
static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_ways(const rest_link_t *x, const rest_link_t *y)
{
    int order = compare_texts(x->constraint, y->constraint);

    if (!order && x->junction) {
        order = compare_relations(x->junction, y->junction);
    }
    if (!order) {
        order = compare_texts(x->onward, y->onward);
    }
    if (!order) {
        order = compare_pairs(x->pairs, x->npairs, y->pairs, y->npairs);
    }
    return order ? order : compare_pairs(x->onward_pairs, x->nonward_pairs,
                                         y->onward_pairs, y->nonward_pairs);
}

static int compare_links(const void *a, const void *b)
{
    const rest_link_t *x = *(rest_link_t *const *)a, *y = *(rest_link_t *const *)b;
    int order = compare_relations(x->from, y->from);

    if (!order) {
        order = compare_relations(x->to, y->to);
    }
    if (!order) {
        order = (int)x->cardinality - (int)y->cardinality;
    }
    if (!order) {
        order = (int)y->owner - (int)x->owner;
    }
    return order ? order : compare_ways(x, y);
}

/** Hangs the links on their relations, always in the same order. */
static void hang(maker_t *maker)
{
    int i;

    qsort(maker->links->elts, (apr_size_t)maker->links->nelts, sizeof(rest_link_t *),
          compare_links);
    for (i = maker->links->nelts - 1; i >= 0; i--) {
        rest_link_t *link = APR_ARRAY_IDX(maker->links, i, rest_link_t *);
        rest_relation_t *from = (rest_relation_t *)link->from;

        if (!from->links || compare_links(&link, &from->links) != 0) {
            link->next = from->links;
            from->links = link;
        }
    }
}

void rest_schema_link(rest_schema_t *schema)
{
    maker_t maker = { .schema = schema };

    if (apr_pool_create(&maker.ptemp, schema->pool) != APR_SUCCESS) {
        return;
    }
    maker.shown = apr_array_make(maker.ptemp, 64, sizeof(shown_t));
    maker.links = apr_array_make(maker.ptemp, 64, sizeof(rest_link_t *));
    maker.halves = apr_array_make(maker.ptemp, 64, sizeof(half_t));
    read_origins(&maker);
    inherit_keys(&maker);
    read_keys(&maker);
    cross_junctions(&maker);
    hang(&maker);
    apr_pool_destroy(maker.ptemp);
}

void rest_schema_link_add(rest_schema_t *schema, rest_link_t *link)
{
    rest_link_t **plink = &((rest_relation_t *)link->from)->links;
    const char *name = link->routine ? link->routine->name : NULL;

    (void)schema;
    while (*plink) {
        if (name && (*plink)->cardinality != REST_COMPUTED &&
            strcmp((*plink)->to->name, name) == 0) {
            *plink = (*plink)->next;
        }
        else {
            plink = &(*plink)->next;
        }
    }
    link->next = NULL;
    *plink = link;
}
