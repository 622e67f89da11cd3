/* SPDX-License-Identifier: Apache-2.0 */
/** Links from foreign keys and what views show of them. */
#include "unit_schema.h"

static const struct {
    const char *name, *schema, *links;
} cases[] = {
    { "nothing", "table a id*", "" },
    { "many to one and back", "table a id* b; table b id*; key k a(b) b(id)",
      "a m2o b k(b=id); b o2m a k(id=b); " },
    { "two columns", "table a x y; table b x* y*; key k a(y,x) b(y,x)",
      "a m2o b k(y=y,x=x); b o2m a k(y=y,x=x); " },
    { "two keys to one table", "table a id* b c; table b id*; key k a(b) b(id); key j a(c) b(id)",
      "a m2o b j(c=id); a m2o b k(b=id); b o2m a j(id=c); b o2m a k(id=b); " },
    { "one to one", "table a id*; table b id*; key k a(id) b(id) unique",
      "a o2o+ b k(id=id); b o2o a k(id=id); " },
    { "itself", "table a id* up; key k a(up) a(id)", "a m2o a k(up=id); a o2m a k(id=up); " },
    { "itself one to one", "table a id* next; key k a(next) a(id) unique",
      "a o2o+ a k(next=id); a o2o a k(id=next); " },

    { "many to many",
      "table a id*; table b id*; table j a* b*; key ka j(a) a(id); key kb j(b) b(id)",
      "a m2m b ka(id=a) j kb(b=id); a o2m j ka(id=a); "
      "b m2m a kb(id=b) j ka(a=id); b o2m j kb(id=b); "
      "j m2o a ka(a=id); j m2o b kb(b=id); " },
    { "more in the junction's key",
      "table a id*; table b id*; table j a* b* n*; key ka j(a) a(id); key kb j(b) b(id)",
      "a m2m b ka(id=a) j kb(b=id); a o2m j ka(id=a); "
      "b m2m a kb(id=b) j ka(a=id); b o2m j kb(id=b); "
      "j m2o a ka(a=id); j m2o b kb(b=id); " },
    { "a column outside the junction's key",
      "table a id*; table b id*; table j a* b; key ka j(a) a(id); key kb j(b) b(id)",
      "a o2m j ka(id=a); b o2m j kb(id=b); j m2o a ka(a=id); j m2o b kb(b=id); " },
    { "a one-to-one makes no junction",
      "table a id*; table b id*; table j a* b*; key ka j(a,b) a(id,id) unique; key kb j(b) b(id)",
      "a o2o j ka(id=a,id=b); b o2m j kb(id=b); j o2o+ a ka(a=id,b=id); j m2o b kb(b=id); " },
    { "many to many with itself",
      "table a id*; table j x* y*; key kx j(x) a(id); key ky j(y) a(id)",
      "a m2m a kx(id=x) j ky(y=id); a m2m a ky(id=y) j kx(x=id); "
      "a o2m j kx(id=x); a o2m j ky(id=y); j m2o a kx(x=id); j m2o a ky(y=id); " },
    { "a hidden junction", "table a id*; table b id*; table x.j a* b*; key ka x.j(a) a(id);"
      "key kb x.j(b) b(id)", "" },

    { "a view of the one side", "table a id* b; table b id*; view v i=b.id; key k a(b) b(id)",
      "a m2o b k(b=id); a m2o v k(b=i); b o2m a k(id=b); v o2m a k(i=b); " },
    { "a view of the many side", "table a id* b; table b id*; view v z=a.b; key k a(b) b(id)",
      "a m2o b k(b=id); b o2m a k(id=b); b o2m v k(id=z); v m2o b k(z=id); " },
    { "views of both sides, tables hidden",
      "table x.a id* b; table x.b id*; view v z=x.a.b; view w i=x.b.id; key k x.a(b) x.b(id)",
      "v m2o w k(z=i); w o2m v k(i=z); " },
    { "one view of both sides",
      "table x.a id* b; table x.b id*; view v z=x.a.b i=x.b.id; key k x.a(b) x.b(id)",
      "v m2o v k(z=i); v o2m v k(i=z); " },
    { "a column under two names",
      "table a id* b; table b id*; view v y=b.id z=b.id; key k a(b) b(id)",
      "a m2o b k(b=id); a m2o v k(b=y); a m2o v k(b=z); b o2m a k(id=b); "
      "v o2m a k(y=b); v o2m a k(z=b); " },
    { "a column that is told twice", "table a id* b; table b id*; view v z=b.id;"
      "key k a(b) b(id)",
      "a m2o b k(b=id); a m2o v k(b=z); b o2m a k(id=b); v o2m a k(z=b); " },
    { "two columns under two names",
      "table x.a p q; table b p* q*; view v p=x.a.p q=x.a.q r=x.a.p; key k x.a(p,q) b(p,q)",
      "b o2m v k(p=p,q=q); b o2m v k(p=r,q=q); v m2o b k(p=p,q=q); v m2o b k(r=p,q=q); " },
    { "a view without all columns",
      "table x.a p q; table b p* q*; view v p=x.a.p; key k x.a(p,q) b(p,q)", "" },
    { "one to one by a view", "table a id*; table b id*; view v i=a.id; key k a(id) b(id) unique",
      "a o2o+ b k(id=id); b o2o a k(id=id); b o2o v k(id=i); v o2o+ b k(i=id); " },
    { "a view as junction, whose key it inherits",
      "table a id*; table b id*; table x.j a* b*; view v p=x.j.a q=x.j.b;"
      "key ka x.j(a) a(id); key kb x.j(b) b(id)",
      "a m2m b ka(id=p) v kb(q=id); a o2m v ka(id=p); b m2m a kb(id=q) v ka(p=id); "
      "b o2m v kb(id=q); v m2o a ka(p=id); v m2o b kb(q=id); " },
    { "views as ends of many to many",
      "table x.a id*; table x.b id*; table j a* b*; view v i=x.a.id; view w i=x.b.id;"
      "key ka j(a) x.a(id); key kb j(b) x.b(id)",
      "j m2o v ka(a=i); j m2o w kb(b=i); v o2m j ka(i=a); v m2m w ka(i=a) j kb(b=i); "
      "w o2m j kb(i=b); w m2m v kb(i=b) j ka(a=i); " },

    { "another schema", "table a id* b; table api.b id*; key k a(b) api.b(id)", "" },
    { "the same names in two schemas",
      "table a id* b; table b id*; table api.a id* b; table api.b id*; key k a(b) b(id);"
      "key k api.a(b) api.b(id)",
      "a m2o b k(b=id); b o2m a k(id=b); a m2o b k(b=id); b o2m a k(id=b); " },
    { "a key of columns that are not there", "table a id*; table b id*; key k a(x) b(id)", "" },
};

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        rest_schema_t *schema = schema_of_words(APP_DB_PGSQL, cases[i].schema);

        rest_schema_link(schema);
        CASE_STRING(cases[i].name, schema_links(schema, "; "), cases[i].links);
    }
}

static void test_keys(void **state)
{
    static const struct {
        const char *schema, *keys;
    } views[] = {
        { "table a id* b; view v x=a.b y=a.id", "y " },
        { "table a p* q*; view v q=a.q p=a.p", "p q " },
        { "table a p* q*; view v q=a.q", "" },
        { "table a id*; view v z=a.id y=a.id", "z " },
        { "table x.a id*; view v z=x.a.id", "z " },
        { "table a id*; table x.b id*; view v z=x.b.id y=a.id", "y z " },
        { "table a id*; view v y=a.id z", "y " },
    };
    size_t i;
    int j;

    (void)state;
    for (i = 0; i < COUNT(views); i++) {
        rest_schema_t *schema = schema_of_words(APP_DB_PGSQL, views[i].schema);
        const rest_relation_t *view = rest_schema_relation(schema, "public", "v");
        const char *keys = "";

        rest_schema_link(schema);
        for (j = 0; j < view->nkeys; j++) {
            keys = apr_pstrcat(unit_pool, keys, view->keys[j]->name, " ", NULL);
        }
        CASE_STRING(views[i].schema, keys, views[i].keys);
    }
}

static void add_computed(rest_schema_t *schema, const char *name, const char *from,
                         const char *to)
{
    rest_routine_t *routine = apr_pcalloc(unit_pool, sizeof(*routine));
    rest_link_t *link = apr_pcalloc(unit_pool, sizeof(*link));

    routine->name = name;
    link->cardinality = REST_COMPUTED;
    link->from = rest_schema_relation(schema, "public", from);
    link->to = rest_schema_relation(schema, "public", to);
    link->routine = routine;
    link->to_one = 1;
    rest_schema_link_add(schema, link);
}

/** It is the function's name that counts, not whose rows it returns. */
static void test_computed(void **state)
{
    rest_schema_t *schema = schema_of_words(APP_DB_PGSQL, "table a id* b c; table b id*;"
                                            "table c id*; key k a(b) b(id); key j a(c) c(id)");

    (void)state;
    rest_schema_link(schema);
    add_computed(schema, "more", "a", "b");
    add_computed(schema, "c", "a", "b");
    assert_string_equal(schema_links(schema, "; "), "a m2o b k(b=id); a computed b more to one; "
                                              "a computed b c to one; b o2m a k(id=b); "
                                              "c o2m a j(id=c); ");
}

/** A view that shows two columns under ten names each does not give a hundred ways. */
static void test_bounded(void **state)
{
    const char *text = "table x.a p q; table b p* q*; key k x.a(p,q) b(p,q); view v";
    const rest_link_t *link;
    rest_schema_t *schema;
    int i, count = 0;

    (void)state;
    for (i = 0; i < 10; i++) {
        text = apr_psprintf(unit_pool, "%s p%d=x.a.p q%d=x.a.q", text, i, i);
    }
    schema = schema_of_words(APP_DB_PGSQL, text);
    rest_schema_link(schema);
    for (link = rest_schema_relation(schema, "public", "v")->links; link; link = link->next) {
        count++;
    }
    assert_int_equal(count, 64);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),
    cmocka_unit_test(test_keys),
    cmocka_unit_test(test_computed),
    cmocka_unit_test(test_bounded),
};

UNIT_MAIN(tests)
