/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SQL of writes, on both databases. Its names have lost their quotes. On SQLite there is one
 * statement for each row of the body, "each", "if" in front of it asks whether the row exists,
 * "then" reads what is shown, "after" runs at last.
 */
#include "unit_plan.h"
#include "unit_schema.h"

static const char world[] =
    "table clients id* name:text; table projects id* name:text='new' client_id;"
    "table tasks id* name:text project_id; table users id* name:text;"
    "table users_tasks user_id* task_id*; view names id=clients.id name=clients.name;"
    "key pc projects(client_id) clients(id); key tp tasks(project_id) projects(id);"
    "key ut_user users_tasks(user_id) users(id); key ut_task users_tasks(task_id) tasks(id);"
    "computed newest clients projects one; computed others clients projects;"
    "grant web clients all; grant web projects all; grant web tasks all; grant web users all;"
    "grant web users_tasks all; grant web names all; grant own clients all * id > 0;"
    "grant own projects all * name <> '' OR id > 0; grant own tasks all;"
    "grant own users_tasks all * user_id = 1; grant own users all * id < 9";

typedef struct case_t {
    const char *name, *relation, *query;
    ask_t       more;
    const char *sqlite, *pgsql;
} case_t;

#define INSERTED "COALESCE(NULLIF(current_setting('app.inserted', true), '')::int, 0)"
#define ONE_MORE "set_config('app.inserted', (" INSERTED " + 1)::text, true) <> '0'"
#define ONE_LESS "set_config('app.inserted', (" INSERTED " - 1)::text, true) <> '-1'"
#define KEYS     "(SELECT key AS app_n, value AS app_k FROM json_each(?1)) AS app_key"
#define SHOWN    "SELECT row_to_json(app_page)::text, count(*) OVER (), NULL::text, NULL::int FROM"

static const case_t cases[] = {
    { "upsert", "projects", "",
      { .action = REST_INSERT,
        .body = "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]",
        .prefer = "resolution=merge-duplicates" },
      "if SELECT count(*) FROM public.projects WHERE id = ?1"
      " | 1 each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " ON CONFLICT (id) DO UPDATE SET id = excluded.id, name = excluded.name"
      " RETURNING json_array(rowid), 1 | 1, 'a'",
      "WITH app_new AS (INSERT INTO public.projects (id, name)"
      " SELECT app_body.id, app_body.name FROM json_to_recordset($1::json) AS app_body (id"
      " integer, name text) WHERE " ONE_MORE " ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id,"
      " name = EXCLUDED.name WHERE " ONE_LESS " RETURNING 1) SELECT NULL::text, count(*),"
      " NULL::text, " INSERTED " FROM app_new |"
      " '[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]'" },
    { "upsert on another key", "projects", "on_conflict=name,client_id&columns=name",
      { .action = REST_INSERT, .body = "[{\"name\":\"a\"}]",
        .prefer = "resolution=merge-duplicates" },
      "each INSERT INTO public.projects (name) VALUES (?1)"
      " ON CONFLICT (name, client_id) DO UPDATE SET name = excluded.name"
      " RETURNING json_array(rowid), 1 | 'a'",
      "WITH app_new AS (INSERT INTO public.projects (name) SELECT app_body.name"
      " FROM json_to_recordset($1::json) AS app_body (name text) WHERE " ONE_MORE " ON CONFLICT"
      " (name, client_id) DO UPDATE SET name = EXCLUDED.name WHERE " ONE_LESS " RETURNING 1)"
      " SELECT NULL::text, count(*), NULL::text, " INSERTED " FROM app_new |"
      " '[{\"name\":\"a\"}]'" },
    { "upsert that ignores", "projects", "",
      { .action = REST_INSERT, .body = "{\"id\":1}",
        .prefer = "resolution=ignore-duplicates" },
      "each INSERT INTO public.projects (id) VALUES (?1) ON CONFLICT (id) DO NOTHING"
      " RETURNING json_array(rowid), 1 | 1",
      "INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer)"
      " ON CONFLICT (id) DO NOTHING | '[{\"id\":1}]'" },
    { "upsert of nothing", "projects", "",
      { .action = REST_INSERT, .body = "{}", .prefer = "resolution=merge-duplicates" },
      "each INSERT INTO public.projects DEFAULT VALUES RETURNING json_array(rowid), 1",
      "WITH app_new AS (INSERT INTO public.projects SELECT"
      " FROM generate_series(1, $1) AS app_body WHERE " ONE_MORE " ON CONFLICT (id) DO NOTHING"
      " RETURNING 1) SELECT NULL::text, count(*), NULL::text, " INSERTED " FROM app_new | 1" },
    { "insert, shown with embeds", "projects",
      "select=id,clients(name),...clients(client:name)&order=clients(name)",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=representation" },
      "each INSERT INTO public.projects (id) VALUES (?1)"
      " RETURNING json_array(rowid), 1 | 1 then SELECT"
      " app_object('int\"id\"raw\"clients\"text\"client\"', projects.id,"
      " (SELECT app_object('text\"name\"', clients_1.name)"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id),"
      " clients_1.name), NULL, NULL, NULL FROM " KEYS " CROSS JOIN public.projects AS projects"
      " ON projects.rowid = json_extract(app_k, '$[0]')"
      " LEFT JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id"
      " ORDER BY (SELECT clients_1.name FROM public.clients AS clients_1"
      " WHERE clients_1.id = projects.client_id LIMIT 1) ASC NULLS LAST, app_n | '[]'",
      "WITH app_new AS (INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer)"
      " RETURNING public.projects.id, public.projects.client_id) " SHOWN " (SELECT projects.id,"
      " (SELECT row_to_json(app_1) FROM (SELECT clients_1.name"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id) app_1) AS"
      " clients, clients_1.name AS client FROM app_new AS projects"
      " LEFT JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id"
      " ORDER BY (SELECT clients_1.name FROM public.clients AS clients_1"
      " WHERE clients_1.id = projects.client_id LIMIT 1) ASC NULLS LAST) app_page"
      " | '[{\"id\":1}]'" },
    { "insert, a missing key", "projects", "columns=id,name",
      { .action = REST_INSERT, .body = "[{\"id\":1,\"name\":\"a\"},{\"id\":2}]" },
      "each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " RETURNING json_array(rowid), 1 | 1, 'a'",
      "INSERT INTO public.projects (id, name) SELECT app_body.id, app_body.name"
      " FROM json_to_recordset($1::json) AS app_body (id integer, name text)"
      " | '[{\"id\":1,\"name\":\"a\"},{\"id\":2}]'" },
    { "insert, a missing key has its default", "projects", "columns=id,name",
      { .action = REST_INSERT, .body = "[{\"id\":1,\"name\":\"a\"},{\"id\":2}]",
        .prefer = "missing=default" },
      "each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " RETURNING json_array(rowid), 1 | 1, 'a' each INSERT INTO public.projects (id)"
      " VALUES (?1) RETURNING json_array(rowid), 1 | 2",
      "INSERT INTO public.projects (id, name) SELECT app_body.id, app_body.name"
      " FROM json_to_recordset((SELECT json_agg(app_row || CASE WHEN app_row ? 'name' THEN '{}'"
      " ELSE jsonb_build_object('name', 'new') END)"
      " FROM jsonb_array_elements($1::jsonb) app_row)) AS app_body (id integer, name text)"
      " | '[{\"id\":1,\"name\":\"a\"},{\"id\":2}]'" },
    { "insert, Location", "projects", "select=id,clients!inner(id)",
      { .action = REST_INSERT, .body = "{\"id\":1}", .prefer = "return=headers-only" },
      "each INSERT INTO public.projects (id) VALUES (?1)"
      " RETURNING json_array(rowid), 1 | 1 then SELECT NULL, NULL, NULL, NULL,"
      " CAST(projects.id AS TEXT) FROM " KEYS " CROSS JOIN public.projects AS projects ON"
      " projects.rowid = json_extract(app_k, '$[0]') ORDER BY app_n | '[]'",
      "WITH app_new AS (INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer)"
      " RETURNING public.projects.id) SELECT NULL::text, count(*) OVER (), NULL::text,"
      " NULL::int, app_new.id::text FROM app_new | '[{\"id\":1}]'" },
    { "insert of CSV", "projects", "",
      { .action = REST_INSERT, .body = "id,name\n1,a\n2,NULL\n", .type = "text/csv" },
      "each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " RETURNING json_array(rowid), 1 | 1, 'a'",
      "INSERT INTO public.projects (id, name) SELECT app_body.id, app_body.name"
      " FROM json_to_recordset($1::json) AS app_body (id integer, name text)"
      " | '[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}]'" },
    { "insert of a form", "projects", "",
      { .action = REST_INSERT, .body = "id=1&name=a+b",
        .type = "application/x-www-form-urlencoded" },
      "each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " RETURNING json_array(rowid), 1 | 1, 'a b'",
      "INSERT INTO public.projects (id, name) SELECT app_body.id, app_body.name"
      " FROM json_to_recordset($1::json) AS app_body (id integer, name text)"
      " | '[{\"id\":\"1\",\"name\":\"a b\"}]'" },
    { "insert of no row", "projects", "",
      { .action = REST_INSERT, .body = "[]" },
      "",
      "INSERT INTO public.projects SELECT FROM generate_series(1, $1) AS app_body | 0" },
    { "PUT", "projects", "id=eq.1",
      { .action = REST_REPLACE, .body = "{\"id\":1,\"name\":\"a\"}" },
      "if SELECT count(*) FROM public.projects WHERE id = ?1"
      " | 1 each INSERT INTO public.projects (id, name) VALUES (?1, ?2)"
      " ON CONFLICT (id) DO UPDATE SET id = excluded.id, name = excluded.name"
      " RETURNING json_array(rowid), 1 | 1, 'a'",
      "WITH app_new AS (INSERT INTO public.projects (id, name)"
      " SELECT app_body.id, app_body.name FROM json_to_recordset($1::json) AS app_body (id"
      " integer, name text) WHERE " ONE_MORE " AND (app_body.id = $2)"
      " ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id, name = EXCLUDED.name WHERE " ONE_LESS
      " RETURNING 1) SELECT NULL::text, count(*), NULL::text, " INSERTED " FROM app_new"
      " | '[{\"id\":1,\"name\":\"a\"}]', '1'" },
    { "PUT of another row", "projects", "id=eq.1",
      { .action = REST_REPLACE, .body = "{\"id\":2,\"name\":\"a\"}" },
      "PGRST115 Payload values do not match URL in primary key column(s)",
      "WITH app_new AS (INSERT INTO public.projects (id, name)"
      " SELECT app_body.id, app_body.name FROM json_to_recordset($1::json) AS app_body (id"
      " integer, name text) WHERE " ONE_MORE " AND (app_body.id = $2)"
      " ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id, name = EXCLUDED.name WHERE " ONE_LESS
      " RETURNING 1) SELECT NULL::text, count(*), NULL::text, " INSERTED " FROM app_new"
      " | '[{\"id\":2,\"name\":\"a\"}]', '1'" },
    { "update", "projects", "id=gt.1&or=(name.eq.a,name.is.null)",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\",\"client_id\":null}" },
      "each UPDATE public.projects SET name = ?1, client_id = ?2"
      " WHERE (public.projects.id > ?3) AND ((public.projects.name = ?4) OR"
      " (public.projects.name IS NULL)) RETURNING json_array(rowid), 1 | 'b', null, 1, 'a'",
      "UPDATE public.projects SET name = app_body.name, client_id = app_body.client_id"
      " FROM (SELECT * FROM json_to_recordset($1::json) AS app_body (name text,"
      " client_id integer) LIMIT 1) app_body WHERE (public.projects.id > $2)"
      " AND ((public.projects.name = $3) OR (public.projects.name IS NULL))"
      " | '[{\"name\":\"b\",\"client_id\":null}]', '1', 'a'" },
    { "update, shown", "projects", "id=eq.1&select=id,tasks(id)&tasks.id=gt.2",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}", .prefer = "return=representation" },
      "each UPDATE public.projects SET name = ?1"
      " WHERE (public.projects.id = ?2) RETURNING json_array(rowid), 1 | 'b', 1 then"
      " SELECT app_object('int\"id\"raw\"tasks\"', projects.id, (SELECT app_array(app_j)"
      " FROM (SELECT app_object('int\"id\"', tasks_1.id) AS app_j"
      " FROM public.tasks AS tasks_1 WHERE tasks_1.project_id = projects.id"
      " AND (tasks_1.id > ?2)))), NULL, NULL, NULL FROM " KEYS " CROSS JOIN public.projects AS"
      " projects ON projects.rowid = json_extract(app_k, '$[0]') ORDER BY app_n | '[]', 2",
      "WITH app_new AS (UPDATE public.projects SET name = app_body.name FROM (SELECT *"
      " FROM json_to_recordset($1::json) AS app_body (name text) LIMIT 1) app_body"
      " WHERE (public.projects.id = $2) RETURNING public.projects.id) " SHOWN " (SELECT"
      " projects.id, (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT tasks_1.id"
      " FROM public.tasks AS tasks_1 WHERE tasks_1.project_id = projects.id"
      " AND (tasks_1.id > $3)) app_1) AS tasks"
      " FROM app_new AS projects) app_page | '[{\"name\":\"b\"}]', '1', '2'" },
    { "update, a missing key has its default", "projects", "id=eq.1&columns=id,name",
      { .action = REST_UPDATE, .body = "{\"id\":3}", .prefer = "missing=default" },
      "each UPDATE public.projects SET id = ?1, name = ('new')"
      " WHERE (public.projects.id = ?2) RETURNING json_array(rowid), 1 | 3, 1",
      "UPDATE public.projects SET id = app_body.id, name = app_body.name FROM (SELECT *"
      " FROM json_to_recordset((SELECT json_agg(app_row || CASE WHEN app_row ? 'name' THEN '{}'"
      " ELSE jsonb_build_object('name', 'new') END)"
      " FROM jsonb_array_elements($1::jsonb) app_row)) AS app_body (id integer,"
      " name text) LIMIT 1) app_body WHERE (public.projects.id = $2) | '[{\"id\":3}]', '1'" },
    { "update of nothing", "projects", "id=eq.1",
      { .action = REST_UPDATE, .body = "{}" },
      "",
      "SELECT public.projects.id, public.projects.name, public.projects.client_id"
      " FROM public.projects WHERE false" },
    { "update of nothing, shown", "projects", "select=id",
      { .action = REST_UPDATE, .body = "{}", .prefer = "return=representation" },
      "SELECT app_object('int\"id\"', projects.id), NULL, NULL, NULL FROM " KEYS " CROSS"
      " JOIN public.projects AS projects ON projects.rowid = json_extract(app_k,"
      " '$[0]') ORDER BY app_n | '[]'",
      "WITH app_new AS (SELECT public.projects.id, public.projects.name,"
      " public.projects.client_id FROM public.projects WHERE false) " SHOWN " (SELECT"
      " projects.id FROM app_new AS projects) app_page" },
    { "delete", "projects", "id=in.(1,2)",
      { .action = REST_DELETE },
      "each DELETE FROM public.projects WHERE (public.projects.id IN (?1, ?2))"
      " RETURNING NULL, 1 | 1, 2",
      "DELETE FROM public.projects WHERE (public.projects.id = ANY ($1)) | '{\"1\",\"2\"}'" },
    { "delete, shown", "projects", "id=eq.1&select=id,clients(name)",
      { .action = REST_DELETE, .prefer = "return=representation" },
      "SELECT app_object('int\"id\"raw\"clients\"', projects.id,"
      " (SELECT app_object('text\"name\"', clients_1.name)"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id)), NULL, NULL,"
      " NULL FROM public.projects AS projects WHERE (projects.id = ?1) | 1 after DELETE"
      " FROM public.projects WHERE (public.projects.id = ?1) RETURNING NULL, 1 | 1",
      "WITH app_new AS (DELETE FROM public.projects"
      " WHERE (public.projects.id = $1) RETURNING public.projects.id,"
      " public.projects.client_id) " SHOWN " (SELECT projects.id, (SELECT row_to_json(app_1)"
      " FROM (SELECT clients_1.name FROM public.clients AS clients_1"
      " WHERE clients_1.id = projects.client_id) app_1) AS clients"
      " FROM app_new AS projects) app_page | '1'" },
    { "insert, of a filtered role", "projects", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .role = "own" },
      "each INSERT INTO public.projects (id) VALUES (?1)"
      " RETURNING json_array(rowid), (name <> '' OR id > 0) IS TRUE | 1",
      "INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer) | '[{\"id\":1}]'" },
    { "insert, shown to a filtered role", "projects", "select=id,...clients(name)",
      { .action = REST_INSERT, .body = "{\"id\":1}", .role = "own",
        .prefer = "return=representation" },
      "each INSERT INTO public.projects (id) VALUES (?1)"
      " RETURNING json_array(rowid), (name <> '' OR id > 0) IS TRUE | 1 then"
      " SELECT app_object('int\"id\"text\"name\"', projects.id, clients_1.name), NULL, NULL,"
      " NULL FROM (SELECT app_n, projects.* FROM " KEYS " CROSS JOIN public.projects AS projects ON"
      " projects.rowid = json_extract(app_k, '$[0]')"
      " WHERE (name <> '' OR id > 0)) AS projects LEFT JOIN (SELECT rowid AS rowid, *"
      " FROM public.clients WHERE (id > 0)) AS clients_1 ON clients_1.id = projects.client_id"
      " ORDER BY app_n | '[]'",
      "WITH app_new AS (INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer)"
      " RETURNING public.projects.id, public.projects.client_id) " SHOWN " (SELECT projects.id,"
      " clients_1.name FROM app_new AS projects"
      " LEFT JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id) app_page"
      " | '[{\"id\":1}]'" },
    { "upsert, of a filtered role", "projects", "",
      { .action = REST_INSERT, .body = "{\"id\":1}", .role = "own",
        .prefer = "resolution=merge-duplicates" },
      "if SELECT count(*) FROM public.projects WHERE id = ?1"
      " | 1 each INSERT INTO public.projects (id) VALUES (?1)"
      " ON CONFLICT (id) DO UPDATE SET id = excluded.id"
      " WHERE (name <> '' OR id > 0) RETURNING json_array(rowid),"
      " CASE WHEN NOT ((name <> '' OR id > 0) IS TRUE) THEN 0"
      " WHEN (name <> '' OR id > 0) IS TRUE THEN 1 ELSE 2 END | 1",
      "WITH app_new AS (INSERT INTO public.projects (id) SELECT app_body.id"
      " FROM json_to_recordset($1::json) AS app_body (id integer) WHERE " ONE_MORE " ON"
      " CONFLICT (id) DO UPDATE SET id = EXCLUDED.id WHERE " ONE_LESS " RETURNING 1) SELECT"
      " NULL::text, count(*), NULL::text, " INSERTED " FROM app_new | '[{\"id\":1}]'" },
    { "update, of a filtered role", "projects", "id=eq.1",
      { .action = REST_UPDATE, .body = "{\"name\":\"b\"}", .role = "own" },
      "each UPDATE public.projects SET name = ?1"
      " WHERE (name <> '' OR id > 0)"
      " AND (public.projects.id = ?2) RETURNING json_array(rowid),"
      " (name <> '' OR id > 0) IS TRUE | 'b', 1",
      "UPDATE public.projects SET name = app_body.name FROM (SELECT *"
      " FROM json_to_recordset($1::json) AS app_body (name text) LIMIT 1) app_body"
      " WHERE (public.projects.id = $2) | '[{\"name\":\"b\"}]', '1'" },
    { "delete, of a filtered role", "projects", "id=eq.1&select=id",
      { .action = REST_DELETE, .role = "own", .prefer = "return=representation" },
      "SELECT app_object('int\"id\"', projects.id), NULL, NULL, NULL"
      " FROM public.projects AS projects WHERE (name <> '' OR id > 0)"
      " AND (projects.id = ?1) | 1 after DELETE"
      " FROM public.projects WHERE (name <> '' OR id > 0)"
      " AND (public.projects.id = ?1) RETURNING NULL, 1 | 1",
      "WITH app_new AS (DELETE FROM public.projects"
      " WHERE (public.projects.id = $1) RETURNING public.projects.id) " SHOWN " (SELECT"
      " projects.id FROM app_new AS projects) app_page | '1'" },
};

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const case_t *c = &cases[i];
        const ask_t *ask = ask_for(c->relation, c->query, &c->more);

        CASE_STRING(c->name, ask_sql(ask, &rest_sqlite, schema_linked(APP_DB_SQLITE, world)),
                    c->sqlite);
        CASE_STRING(c->name, ask_sql(ask, &rest_pgsql, schema_linked(APP_DB_PGSQL, world)),
                    c->pgsql);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),
};

UNIT_MAIN(tests)
