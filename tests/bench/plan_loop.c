/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What parsing, planning and rendering a request cost, without a database: microseconds of CPU for
 * each, the best of some rounds. Built and called by figures.py.
 */
#include <stdio.h>
#include <time.h>

#include "unit_plan.h"
#include "unit_schema.h"

#define ROUNDS 7
#define TIMES  4000

apr_pool_t *unit_pool;

static const char words[] =
    "table directors id* first_name:text last_name:text;"
    "table films id* title:text year rating:real language:text director_id info:json released:date;"
    "table actors id* first_name:text last_name:text;"
    "table roles film_id* actor_id* character:text;"
    "key film_director films(director_id) directors(id);"
    "key role_film roles(film_id) films(id);"
    "key role_actor roles(actor_id) actors(id);"
    "grant web directors select *;grant web films select *;grant web actors select *;"
    "grant web roles select *";

static const struct {
    const char *name, *relation, *query;
} cases[] = {
    { "a row by its key", "films", "id=eq.7" },
    { "a filter on one table", "films",
      "select=id,title,year,rating&year=gte.1990&language=eq.en&order=year.desc,id&limit=20" },
    { "an embed", "films", "select=id,title,directors(id,last_name)&id=eq.7" },
    { "embeds of three levels", "directors",
      "select=id,last_name,films(id,title,roles(character,actors(first_name,last_name)))"
      "&films.year=gte.1990&films.order=year&id=eq.7" },
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/** @return 0: the request cannot be planned */
static int plan(const ask_t *ask, const rest_dialect_t *dialect, const rest_schema_t *schema)
{
    app_error_t err = { .pool = unit_pool };
    rest_statement_t statement;
    rest_plan_t *made;

    if (ask_plan(&made, ask, schema, &err) == APR_SUCCESS &&
        rest_render(&statement, dialect, made, 0, &err, unit_pool) == APR_SUCCESS) {
        return 1;
    }
    fprintf(stderr, "%s: %s\n", ask->query, ask_error(&err));
    return 0;
}

/** @return microseconds; negative: it failed */
static double measure(const ask_t *ask, const rest_dialect_t *dialect,
                      const rest_schema_t *schema)
{
    double best = -1;
    int round, i;

    for (round = 0; round < ROUNDS; round++) {
        double began = now(), took;

        for (i = 0; i < TIMES; i++) {
            apr_pool_clear(unit_pool);
            if (!plan(ask, dialect, schema)) {
                return -1;
            }
        }
        took = (now() - began) / TIMES;
        best = best < 0 || took < best ? took : best;
    }
    return best;
}

/** A snapshot that outlives unit_pool's clearing. */
static rest_schema_t *make_schema(app_db_kind_e kind)
{
    apr_pool_t *requests = unit_pool;
    rest_schema_t *schema;

    apr_pool_create(&unit_pool, NULL);
    schema = schema_linked(kind, words);
    unit_pool = requests;
    return schema;
}

int main(void)
{
    const rest_dialect_t *dialects[] = { &rest_sqlite, &rest_pgsql };
    size_t i, j;

    apr_initialize();
    apr_pool_create(&unit_pool, NULL);
    for (i = 0; i < COUNT(dialects); i++) {
        rest_schema_t *schema = make_schema(dialects[i]->kind);

        for (j = 0; j < COUNT(cases); j++) {
            const ask_t ask = { .relation = cases[j].relation, .query = cases[j].query };
            double took = measure(&ask, dialects[i], schema);

            if (took < 0) {
                return 1;
            }
            printf("%s\t%s\t%.2f\n", i ? "PostgreSQL" : "SQLite", cases[j].name, took);
        }
    }
    apr_terminate();
    return 0;
}
