/* SPDX-License-Identifier: Apache-2.0 */
/** What is written and where, and what the grants of SQLite allow of a tree of embeds. */
#include "unit_plan.h"
#include "unit_schema.h"

static const char world[] =
    "table clients id* name:text; table projects id* name:text client_id data:json;"
    "table tasks id* name:text project_id; table sizes a* b*; table keyless id;"
    "key projects_client projects(client_id) clients(id);"
    "key tasks_project tasks(project_id) projects(id)";

/** "a" refers to "b", and by the junction "j" too; what is granted, and of which rows. */
static const char rights[] =
    "table a id* b secret; table b id* name:text secret; table j a* b*; key a_b a(b) b(id);"
    "key j_a j(a) a(id); key j_b j(b) b(id); table x a_id* y_id*; table y id*;"
    "key x_a x(a_id) a(id); key x_y x(y_id) y(id); computed best a b one;"
    "grant web a select id,b id > 0; grant web b select id,name name <> '';"
    "grant web j select * a > 7; grant web y select *;"
    "grant blind a select id,b; grant blind b select name; grant blind j select a;"
    "grant ins a insert id,b id < 9; grant ins a select id; grant ins a update b b > 1;"
    "grant upd a update b b = 1; grant upd a select id id > 5; grant onlyupd a update b b > 2;"
    "grant del a delete * id < 3; grant del a select id,b; grant onlyins a insert *;"
    "grant adds a insert *; grant adds a select id;"
    "grant merges a insert id,b id < 9; grant merges a update b b > 1;"
    "grant merges a select id,b id < 7";

typedef struct case_t {
    const char *name, *relation, *query;
    ask_t       more;
    const char *expected; /* what is written, then what is shown; or the error */
} case_t;

#define BAD_PUT "PGRST105 Filters must include all and only primary key columns with 'eq' operators"

static const case_t writes[] = {
    { "PUT by its key", "projects", "id=eq.1",
      { .action = REST_REPLACE, .body = "{\"id\":1,\"name\":\"a\"}" },
      "writes id name merge on id where id" },
    { "PUT by a key of two columns", "sizes", "a=eq.1&b=eq.2",
      { .action = REST_REPLACE, .body = "{\"a\":1,\"b\":2}" },
      "writes a b merge on a b where a b" },
    { "PUT with half of the key", "sizes", "a=eq.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT with half of the key twice", "sizes", "a=eq.1&a=eq.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT with more than the key", "projects", "id=eq.1&name=eq.a",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT without a filter", "projects", "",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, another operator", "projects", "id=gt.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, not", "projects", "id=not.eq.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, any", "projects", "id=eq(any).{1}",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, a path", "projects", "id->a=eq.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, a group", "projects", "id=eq.1&or=(id.eq.1)",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT, no key", "keyless", "id=eq.1",
      { .action = REST_REPLACE, .body = "{}" },
      BAD_PUT },
    { "PUT heeds no on_conflict", "projects", "id=eq.1&on_conflict=name",
      { .action = REST_REPLACE, .body = "{\"id\":1}" },
      "writes id merge on id where id" },
    { "PUT, filters of embeds do not count", "projects",
      "id=eq.1&select=id,clients(id)&clients.id=gt.2",
      { .action = REST_REPLACE, .body = "{\"id\":1}", .prefer = "return=representation" },
      "writes id merge on id where id shows projects: id,"
      " clients={clients_1 by projects_client: id where id}" },
    { "upsert by the key", "projects", "",
      { .action = REST_INSERT, .body = "{\"id\":1,\"name\":\"a\"}",
        .prefer = "resolution=merge-duplicates" },
      "writes id name merge on id" },
    { "upsert by other columns", "projects", "on_conflict=name,client_id",
      { .action = REST_INSERT, .body = "{\"id\":1}",
        .prefer = "resolution=ignore-duplicates" },
      "writes id ignore on name client_id" },
    { "upsert without a key", "keyless", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "resolution=merge-duplicates" },
      "writes id" },
    { "a target without a preference", "projects", "on_conflict=nothing",
      { .action = REST_INSERT, .body = "{\"id\":1}" },
      "writes id" },
    { "a target that is not there", "projects", "on_conflict=nothing",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "resolution=merge-duplicates" },
      "42703 column \"nothing\" does not exist" },
    { "columns", "projects", "columns=name",
      { .action = REST_INSERT, .body = "[{\"id\":1,\"name\":\"a\"},{}]" },
      "writes name" },
    { "columns that are not there", "projects", "columns=name,what",
      { .action = REST_INSERT, .body = "[{\"id\":1}]" },
      "PGRST204 Could not find the 'what' column of 'projects' in the schema cache" },
    { "Location", "projects", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=headers-only" },
      "writes id location" },
    { "no Location without a key", "keyless", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=headers-only" },
      "writes id" },
    { "PATCH", "projects", "id=gt.1&or=(name.eq.a,name.is.null)",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}" },
      "writes name where id or( name name )" },
    { "PATCH, shown", "projects",
      "id=gt.1&select=name,tasks(id)&tasks.name=eq.x&order=name&limit=1",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}", .prefer = "return=representation" },
      "writes name where id shows projects: name,"
      " tasks=[tasks_1 by tasks_project: id where name] order name" },
    { "PATCH by an embed", "projects", "select=id,tasks(id)&tasks.id=eq.1",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}" },
      "writes name" },
    { "PATCH has no Location", "projects", "",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}", .prefer = "return=headers-only" },
      "writes name" },
    { "DELETE", "projects", "id=in.(1,2)",
      { .action = REST_DELETE },
      "writes where id" },
    { "DELETE, shown", "projects", "id=eq.1&select=id",
      { .action = REST_DELETE, .prefer = "return=representation" },
      "writes where id shows projects: id" },
    { "what is shown must be there", "projects", "select=nothing(id)",
      { .action = REST_DELETE },
      "PGRST200 Could not find a relationship between 'projects' and 'nothing' in the schema"
      " cache (Searched for a foreign key relationship between 'projects' and 'nothing' in the"
      " schema 'public', but no matches were found.)" },
    { "aggregates are refused, too", "projects", "select=count()",
      { .action = REST_DELETE, .no_aggregates = 1 },
      "PGRST123 Use of aggregate functions is not allowed" },
    { "preferences before media types", "projects", "",
      { .action = REST_DELETE, .accept = "image/png", .prefer = "handling=strict,x" },
      "PGRST122 Invalid preferences given with handling=strict (Invalid preferences: x)" },
    { "an unknown column before the media type", "projects", "",
      { .action = REST_INSERT, .body = "{\"what\":1}", .accept = "image/png" },
      "PGRST204 Could not find the 'what' column of 'projects' in the schema cache" },
};

static const case_t granted[] = {
    { "filters of both", "a", "select=id,b!a_b(name)",
      { .role = "web" },
      "a_0: id, b={b_1 by a_b: name row name <> ''} row id > 0" },
    { "a filter of the junction", "a", "select=bs:b!j(name)",
      { .role = "web" },
      "a_0: bs=[b_1 by j: name row name <> '' junction a > 7] row id > 0" },
    { "an embed without a grant", "a", "select=id,b!a_b(name),x(a_id)",
      { .role = "web" },
      "42501 permission denied for table x" },
    { "a junction without a grant", "a", "select=id,y(id)",
      { .role = "web" },
      "42501 permission denied for table x" },
    { "a column of an embed", "a", "select=id,b!a_b(secret)",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "all columns of an embed", "a", "select=id,b!a_b(*)",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "a filter on an embed", "a", "select=id,b!a_b(name)&b.secret=eq.1",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "an order in an embed", "a", "select=id,b!a_b(name)&b.order=secret",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "a related order", "a", "select=id,b!a_b(name)&order=b(secret)",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "a spread", "a", "select=id,...b!a_b(secret)",
      { .role = "web" },
      "42501 permission denied for column secret of relation b" },
    { "a hidden embed", "a", "select=id,x()&x=is.null",
      { .role = "web" },
      "42501 permission denied for table x" },
    { "the column that is referred to", "a", "select=id,b!a_b(name)",
      { .role = "blind" },
      "42501 permission denied for column id of relation b" },
    { "the column that refers", "b", "select=name,a!a_b(id)",
      { .role = "blind" },
      "42501 permission denied for column id of relation b" },
    { "a column of the junction", "a", "select=id,b!j(name)",
      { .role = "blind" },
      "42501 permission denied for column b of relation j" },
    { "a computed relationship", "a", "select=id,best(name)",
      { .role = "web" },
      "a_0: id, best={b_1 by best: name row name <> ''} row id > 0" },
    { "a computed relationship without a grant", "a", "select=id,best(name)",
      { .role = "del" },
      "42501 permission denied for table b" },
    { "insert", "a", "",
      { .action = REST_INSERT, .body = "{\"id\":1,\"b\":2}", .role = "ins" },
      "writes id b row id < 9 check id < 9" },
    { "insert, an ungranted column", "a", "",
      { .action = REST_INSERT, .body = "{\"secret\":1}", .role = "ins" },
      "42501 permission denied for column secret of relation a" },
    { "insert of defaults", "a", "",
      { .action = REST_INSERT, .body = "{}", .role = "ins" },
      "writes row id < 9 check id < 9" },
    { "Location without reading the rest", "a", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=headers-only",
        .role = "ins" },
      "writes id row id < 9 check id < 9 location" },
    { "Location without reading the key", "a", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=headers-only",
        .role = "onlyins" },
      "42501 permission denied for table a" },
    { "shown, but not all", "a", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=representation",
        .role = "ins" },
      "42501 permission denied for column b of relation a" },
    { "shown, what may be", "a", "select=id",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=representation",
        .role = "ins" },
      "writes id row id < 9 check id < 9 shows a: id" },
    { "upsert", "a", "",
      { .action = REST_INSERT, .body = "{\"b\":1}", .prefer = "resolution=merge-duplicates",
        .role = "ins" },
      "42501 permission denied for column b of relation a" },
    { "upsert of a role that reads what it merges", "a", "",
      { .action = REST_INSERT, .body = "{\"b\":1}", .prefer = "resolution=merge-duplicates",
        .role = "merges" },
      "writes b merge on id row (b > 1) AND (id < 7) check (id < 9) AND (id < 7) merged b > 1" },
    { "upsert, a column that may not be updated", "a", "",
      { .action = REST_INSERT, .body = "{\"id\":1,\"b\":1}",
        .prefer = "resolution=merge-duplicates", .role = "ins" },
      "42501 permission denied for column id of relation a" },
    { "upsert without update", "a", "",
      { .action = REST_INSERT, .body = "{\"b\":1}", .prefer = "resolution=merge-duplicates",
        .role = "onlyins" },
      "42501 permission denied for table a" },
    { "upsert that ignores, without update", "a", "",
      { .action = REST_INSERT, .body = "{\"b\":1}", .prefer = "resolution=ignore-duplicates",
        .role = "adds" },
      "writes b ignore on id" },
    { "upsert that ignores, without the right to read the key", "a", "",
      { .action = REST_INSERT, .body = "{\"b\":1}", .prefer = "resolution=ignore-duplicates",
        .role = "onlyins" },
      "42501 permission denied for table a" },
    { "update", "a", "",
      { .action = REST_UPDATE, .body = "{\"b\":1}", .role = "upd" },
      "writes b row b = 1 check b = 1" },
    { "update, an ungranted column", "a", "",
      { .action = REST_UPDATE, .body = "{\"id\":1}", .role = "upd" },
      "42501 permission denied for column id of relation a" },
    { "update by a column: what may not be read is not found", "a", "id=gt.1",
      { .action = REST_UPDATE, .body = "{\"b\":1}", .role = "upd" },
      "writes b where id row (b = 1) AND (id > 5) check (b = 1) AND (id > 5)" },
    { "update by an unreadable column", "a", "b=gt.1",
      { .action = REST_UPDATE, .body = "{\"b\":1}", .role = "upd" },
      "42501 permission denied for column b of relation a" },
    { "update by a column, without reading", "a", "id=gt.1",
      { .action = REST_UPDATE, .body = "{\"b\":1}", .role = "onlyupd" },
      "42501 permission denied for table a" },
    { "delete", "a", "id=eq.1",
      { .action = REST_DELETE, .role = "del" },
      "writes where id row id < 3" },
    { "delete without a grant", "a", "id=eq.1",
      { .action = REST_DELETE, .role = "web" },
      "42501 permission denied for table a" },
};

static void check(const case_t *c, const rest_schema_t *schema)
{
    CASE_STRING(c->name, ask_text(ask_for(c->relation, c->query, &c->more), schema), c->expected);
}

static void test_writes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(writes); i++) {
        check(&writes[i], schema_linked(APP_DB_PGSQL, world));
    }
}

static void test_granted(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(granted); i++) {
        check(&granted[i], schema_linked(APP_DB_SQLITE, rights));
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_writes),
    cmocka_unit_test(test_granted),
};

UNIT_MAIN(tests)
