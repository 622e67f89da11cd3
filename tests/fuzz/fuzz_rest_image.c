/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Images: rest_image_check() and rest_image_open(). The input says what to change in an image that
 * is whole, four bytes at a time: where (24 bits) and to what. What opens is looked at, all of it.
 */
#include "fuzz.h"
#include "rest_image.h"

static const rest_image_key_t key = { "fuzz" };

static rest_schema_t *made(apr_pool_t *p)
{
    apr_array_header_t *spaces = apr_array_make(p, 1, sizeof(const char *));
    static const char *const names[] = { "a", "b", "c" };
    rest_schema_t *schema;
    int i;

    APR_ARRAY_PUSH(spaces, const char *) = "public";
    schema = rest_schema_create(APP_DB_PGSQL, spaces, p);
    for (i = 0; i < 3; i++) {
        rest_relation_t *relation = rest_schema_relation_add(schema, schema->spaces, names[i]);
        rest_foreign_key_t *foreign = apr_pcalloc(p, sizeof(*foreign));

        rest_schema_key_add(schema, relation,
                            rest_schema_column_add(schema, relation, "id", "integer"));
        rest_schema_column_add(schema, relation, "to", "integer");
        foreign->name = "k";
        foreign->schema = foreign->to_schema = "public";
        foreign->table = names[i];
        foreign->to_table = names[(i + 1) % 3];
        foreign->columns = apr_pmemdup(p, (const char *[]){ "to" }, sizeof(char *));
        foreign->to_columns = apr_pmemdup(p, (const char *[]){ "id" }, sizeof(char *));
        foreign->ncolumns = 1;
        foreign->next = schema->foreign_keys;
        schema->foreign_keys = foreign;
        rest_schema_grant_add(schema, relation, "web", REST_RIGHT_SELECT, NULL, "id > 0", NULL);
        rest_schema_routine_add(schema, schema->spaces, names[i])->media = "text/plain";
    }
    rest_schema_sort(schema);
    rest_schema_link(schema);
    return schema;
}

static size_t seen;

static void look(const char *text)
{
    seen += text ? strlen(text) : 0;
}

static void look_at_relation(const rest_relation_t *relation)
{
    const rest_grant_t *grant;
    const rest_link_t *link;
    int i;

    look(relation->ident);
    for (i = 0; i < relation->ncolumns; i++) {
        look(relation->columns[i]->name);
        look(relation->by_name[i]->type);
    }
    for (link = relation->links; link; link = link->next) {
        look(link->to->name);
        for (i = 0; i < link->npairs; i++) {
            look(link->pairs[i].from->name);
            look(link->pairs[i].to->ident);
        }
    }
    for (grant = relation->grants; grant; grant = grant->next) {
        look(grant->row_filter);
    }
}

static void look_at(const rest_schema_t *schema)
{
    const rest_routine_t *routine;
    int i, j;

    for (i = 0; i < schema->nspaces; i++) {
        look(schema->spaces[i].name);
        for (j = 0; j < schema->spaces[i].nrelations; j++) {
            look_at_relation(schema->spaces[i].relations[j]);
        }
        for (j = 0; j < schema->spaces[i].nroutines; j++) {
            for (routine = schema->spaces[i].routines[j]; routine; routine = routine->next) {
                look(routine->media);
            }
        }
    }
}

/** Header and body one behind the other are what is changed. */
static void change(rest_packed_t *packed, char *body, const uint8_t *at)
{
    size_t where = ((size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2]) %
                   (sizeof(packed->header) + packed->header.length);

    if (where < sizeof(packed->header)) {
        ((char *)&packed->header)[where] = (char)at[3];
    }
    else {
        body[where - sizeof(packed->header)] = (char)at[3];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    rest_packed_t packed, whole;
    rest_schema_t *schema;
    char *body;
    size_t i;

    fuzz_expect(rest_image_pack(&whole, made(p), &key, p) == APR_SUCCESS);
    packed = whole;
    body = malloc(whole.header.length);
    memcpy(body, whole.body, whole.header.length);
    for (i = 0; i + 4 <= size && packed.header.length == whole.header.length; i += 4) {
        change(&packed, body, data + i);
    }
    packed.body = body;
    if (packed.header.length == whole.header.length) {
        rest_image_seal(&packed); /* else hardly anything would be opened */
    }
    if (rest_image_check(&packed.header, body, whole.header.body + whole.header.length, &key) &&
        rest_image_open(&schema, &packed.header, body) == APR_SUCCESS) {
        look_at(schema);
    }
    free(body);
    return 0;
}
