/* SPDX-License-Identifier: Apache-2.0 */
/** The SQL of trees of embeds, on both databases. Its names have lost their quotes. */
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

#define PLAIN { .action = REST_READ }

static const case_t cases[] = {
    { "to one", "projects", "select=clients(name)", PLAIN,
      "SELECT (SELECT app_object('text\"name\"', clients_1.name) FROM public.clients AS"
      " clients_1 WHERE clients_1.id = projects.client_id) AS 'raw\"clients\"', NULL, NULL FROM"
      " public.projects AS projects",
      "SELECT (SELECT row_to_json(app_1) FROM (SELECT clients_1.name"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id) app_1) AS"
      " clients, NULL AS app_n FROM public.projects AS projects" },
    { "to many", "clients", "select=projects(id)", PLAIN,
      "SELECT (SELECT app_array(app_j) FROM (SELECT app_object('int\"id\"', projects_1.id) AS"
      " app_j FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id)) AS"
      " 'raw\"projects\"', NULL, NULL FROM public.clients AS clients_0",
      "SELECT (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT projects_1.id"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id) app_1) AS"
      " projects, NULL AS app_n FROM public.clients AS clients" },
    { "many to many", "users", "select=tasks(id)", PLAIN,
      "SELECT (SELECT app_array(app_j) FROM (SELECT app_object('int\"id\"', tasks_1.id) AS"
      " app_j FROM public.users_tasks AS app_j1 JOIN public.tasks AS tasks_1 ON tasks_1.id ="
      " app_j1.task_id WHERE app_j1.user_id = users.id)) AS 'raw\"tasks\"', NULL, NULL FROM"
      " public.users AS users",
      "SELECT (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT tasks_1.id"
      " FROM public.users_tasks AS app_j1 JOIN public.tasks AS tasks_1 ON tasks_1.id ="
      " app_j1.task_id WHERE app_j1.user_id = users.id) app_1) AS tasks, NULL AS app_n"
      " FROM public.users AS users" },
    { "a view, where keys promise nothing", "projects", "select=names(name)", PLAIN,
      "SELECT (SELECT app_object('int\"name\"', names_1.name) FROM public.names AS names_1"
      " WHERE names_1.id = projects.client_id) AS 'raw\"names\"', NULL, NULL FROM"
      " public.projects AS projects",
      "SELECT (SELECT row_to_json(app_1) FROM (SELECT names_1.name"
      " FROM public.names AS names_1 WHERE names_1.id = projects.client_id LIMIT 1) app_1) AS"
      " names, NULL AS app_n FROM public.projects AS projects" },
    { "no more rows than the site gives", "projects", "select=names(name)",
      { .max_rows = 5 },
      "SELECT (SELECT app_object('int\"name\"', names_1.name) FROM public.names AS names_1"
      " WHERE names_1.id = projects.client_id LIMIT ?1) AS 'raw\"names\"', NULL, NULL FROM"
      " public.projects AS projects LIMIT ?2 | 5, 5",
      "SELECT (SELECT row_to_json(app_1) FROM (SELECT names_1.name"
      " FROM public.names AS names_1 WHERE names_1.id = projects.client_id LIMIT 1) app_1) AS"
      " names, NULL AS app_n FROM public.projects AS projects LIMIT $1 | 5" },
    { "computed, one", "clients", "select=newest(id)", PLAIN,
      "SELECT (SELECT app_object('int\"id\"', projects_1.id) FROM (SELECT * FROM projects WHERE"
      " id > clients_0.id) AS projects_1) AS 'raw\"newest\"', NULL, NULL FROM public.clients AS"
      " clients_0",
      "SELECT (SELECT row_to_json(app_1) FROM (SELECT projects_1.id"
      " FROM public.newest(clients::public.clients) AS projects_1 LIMIT 1) app_1) AS newest,"
      " NULL AS app_n FROM public.clients AS clients" },
    { "computed, many", "clients", "select=others(id)", PLAIN,
      "SELECT (SELECT app_array(app_j) FROM (SELECT app_object('int\"id\"', projects_1.id) AS"
      " app_j FROM (SELECT * FROM projects WHERE id > clients_0.id) AS projects_1)) AS"
      " 'raw\"others\"', NULL, NULL FROM public.clients AS clients_0",
      "SELECT (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT projects_1.id"
      " FROM public.others(clients::public.clients) AS projects_1) app_1) AS others,"
      " NULL AS app_n FROM public.clients AS clients" },
    { "inner", "projects", "select=id,clients!inner(name)&clients.name=eq.x", PLAIN,
      "SELECT projects.id, (SELECT app_object('text\"name\"', clients_1.name) FROM"
      " public.clients AS clients_1 WHERE clients_1.id = projects.client_id AND (clients_1.name"
      " = ?1)) AS 'int\"id\"raw\"clients\"', NULL, NULL FROM public.projects AS projects WHERE"
      " EXISTS (SELECT 1 FROM public.clients AS clients_1 WHERE clients_1.id ="
      " projects.client_id AND (clients_1.name = ?2)) | 'x', 'x'",
      "SELECT projects.id, (SELECT row_to_json(app_1) FROM (SELECT clients_1.name"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id"
      " AND (clients_1.name = $1)) app_1) AS clients, NULL AS app_n"
      " FROM public.projects AS projects WHERE EXISTS (SELECT 1"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id"
      " AND (clients_1.name = $2)) | 'x', 'x'" },
    { "inner in inner", "clients",
      "select=id,projects!inner(id,tasks!inner(id))&projects.tasks.id=gt.3", PLAIN,
      "SELECT clients_0.id, (SELECT app_array(app_j) FROM (SELECT"
      " app_object('int\"id\"raw\"tasks\"', projects_1.id, (SELECT app_array(app_j) FROM"
      " (SELECT app_object('int\"id\"', tasks_2.id) AS app_j FROM public.tasks AS tasks_2 WHERE"
      " tasks_2.project_id = projects_1.id AND (tasks_2.id > ?1)))) AS app_j FROM"
      " public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id AND EXISTS"
      " (SELECT 1 FROM public.tasks AS tasks_2 WHERE tasks_2.project_id = projects_1.id AND"
      " (tasks_2.id > ?2)))) AS 'int\"id\"raw\"projects\"', NULL, NULL FROM public.clients AS"
      " clients_0 WHERE EXISTS (SELECT 1 FROM public.projects AS projects_1 WHERE"
      " projects_1.client_id = clients_0.id AND EXISTS (SELECT 1 FROM public.tasks AS tasks_2"
      " WHERE tasks_2.project_id = projects_1.id AND (tasks_2.id > ?3))) | 3, 3, 3",
      "SELECT clients.id, (SELECT COALESCE(json_agg(app_1), '[]')"
      " FROM (SELECT projects_1.id, (SELECT COALESCE(json_agg(app_2), '[]')"
      " FROM (SELECT tasks_2.id FROM public.tasks AS tasks_2"
      " WHERE tasks_2.project_id = projects_1.id AND (tasks_2.id > $1)) app_2) AS tasks"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id"
      " AND EXISTS (SELECT 1 FROM public.tasks AS tasks_2"
      " WHERE tasks_2.project_id = projects_1.id AND (tasks_2.id > $2))) app_1) AS projects,"
      " NULL AS app_n FROM public.clients AS clients WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id"
      " AND EXISTS (SELECT 1 FROM public.tasks AS tasks_2"
      " WHERE tasks_2.project_id = projects_1.id AND (tasks_2.id > $3))) | '3', '3', '3'" },
    { "none", "clients", "select=id,projects()&projects=is.null&projects.id=gt.3", PLAIN,
      "SELECT clients_0.id AS 'int\"id\"', NULL, NULL FROM public.clients AS clients_0 WHERE"
      " (NOT EXISTS (SELECT 1 FROM public.projects AS projects_1 WHERE projects_1.client_id ="
      " clients_0.id AND (projects_1.id > ?1))) | 3",
      "SELECT clients.id, NULL AS app_n FROM public.clients AS clients"
      " WHERE (NOT EXISTS (SELECT 1 FROM public.projects AS projects_1"
      " WHERE projects_1.client_id = clients.id AND (projects_1.id > $1))) | '3'" },
    { "some, in a group", "clients",
      "select=id,projects()&or=(id.eq.1,projects.not.is.null)", PLAIN,
      "SELECT clients_0.id AS 'int\"id\"', NULL, NULL FROM public.clients AS clients_0 WHERE"
      " ((clients_0.id = ?1) OR (EXISTS (SELECT 1 FROM public.projects AS projects_1 WHERE"
      " projects_1.client_id = clients_0.id))) | 1",
      "SELECT clients.id, NULL AS app_n FROM public.clients AS clients"
      " WHERE ((clients.id = $1) OR (EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id))) | '1'" },
    { "filter, order and page of an embed", "clients",
      "select=projects(id)&projects.name=eq.x&projects.order=name.desc,id&projects.limit=2&proj"
      "ects.offset=1", PLAIN,
      "SELECT (SELECT app_array(app_j) FROM (SELECT app_object('int\"id\"', projects_1.id) AS"
      " app_j FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id AND"
      " (projects_1.name = ?1) ORDER BY projects_1.name DESC NULLS FIRST, projects_1.id ASC"
      " NULLS LAST LIMIT ?2 OFFSET ?3)) AS 'raw\"projects\"', NULL, NULL FROM public.clients AS"
      " clients_0 | 'x', 2, 1",
      "SELECT (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT projects_1.id"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id"
      " AND (projects_1.name = $1) ORDER BY projects_1.name DESC NULLS FIRST,"
      " projects_1.id ASC NULLS LAST LIMIT $2 OFFSET $3) app_1) AS projects, NULL AS app_n"
      " FROM public.clients AS clients | 'x', 2, 1" },
    { "order by an embed", "projects",
      "select=id,clients()&order=clients(name).desc&limit=1", PLAIN,
      "SELECT projects.id AS 'int\"id\"', NULL, NULL FROM public.projects AS projects ORDER BY"
      " (SELECT clients_1.name FROM public.clients AS clients_1 WHERE clients_1.id ="
      " projects.client_id LIMIT 1) DESC NULLS FIRST LIMIT ?1 | 1",
      "SELECT projects.id, NULL AS app_n FROM public.projects AS projects"
      " ORDER BY (SELECT clients_1.name FROM public.clients AS clients_1"
      " WHERE clients_1.id = projects.client_id LIMIT 1) DESC NULLS FIRST LIMIT $1 | 1" },
    { "spread to one", "projects",
      "select=id,...clients(client:name)&clients.id=gt.1&limit=1", PLAIN,
      "SELECT projects.id, clients_1.name AS 'int\"id\"text\"client\"', NULL, NULL FROM"
      " public.projects AS projects LEFT JOIN public.clients AS clients_1 ON clients_1.id ="
      " projects.client_id AND (clients_1.id > ?1) LIMIT ?2 | 1, 1",
      "SELECT projects.id, clients_1.name AS client, NULL AS app_n"
      " FROM public.projects AS projects LEFT JOIN public.clients AS clients_1 ON clients_1.id"
      " = projects.client_id AND (clients_1.id > $1) LIMIT $2 | '1', 1" },
    { "spread to one, inner", "projects", "select=...clients!inner(name)&limit=1", PLAIN,
      "SELECT clients_1.name AS 'text\"name\"', NULL, NULL FROM public.projects AS projects"
      " JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id LIMIT ?1 | 1",
      "SELECT clients_1.name, NULL AS app_n FROM public.projects AS projects"
      " JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id LIMIT $1 | 1" },
    { "spread in a spread", "tasks",
      "select=id,...projects(pid:id,...clients(name))&limit=1", PLAIN,
      "SELECT tasks.id, projects_1.id, clients_2.name AS 'int\"id\"int\"pid\"text\"name\"',"
      " NULL, NULL FROM public.tasks AS tasks LEFT JOIN (public.projects AS projects_1 LEFT"
      " JOIN public.clients AS clients_2 ON clients_2.id = projects_1.client_id) ON"
      " projects_1.id = tasks.project_id LIMIT ?1 | 1",
      "SELECT tasks.id, projects_1.id AS pid, clients_2.name, NULL AS app_n"
      " FROM public.tasks AS tasks LEFT JOIN (public.projects AS projects_1"
      " LEFT JOIN public.clients AS clients_2 ON clients_2.id = projects_1.client_id) ON"
      " projects_1.id = tasks.project_id LIMIT $1 | 1" },
    { "order by a spread", "projects", "select=...clients(name)&order=clients(name)&limit=1", PLAIN,
      "SELECT clients_1.name AS 'text\"name\"', NULL, NULL FROM public.projects AS projects"
      " LEFT JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id ORDER BY"
      " clients_1.name ASC NULLS LAST LIMIT ?1 | 1",
      "SELECT clients_1.name, NULL AS app_n FROM public.projects AS projects"
      " LEFT JOIN public.clients AS clients_1 ON clients_1.id = projects.client_id"
      " ORDER BY clients_1.name ASC NULLS LAST LIMIT $1 | 1" },
    { "spread to many", "clients",
      "select=id,...projects(names:name,id)&projects.order=name&limit=1", PLAIN,
      "SELECT clients_0.id, (SELECT app_array(app_j) FROM (SELECT app_json(projects_1.name,"
      " 'text') AS app_j FROM public.projects AS projects_1 WHERE projects_1.client_id ="
      " clients_0.id ORDER BY projects_1.name ASC NULLS LAST, projects_1.rowid)), (SELECT"
      " app_array(app_j) FROM (SELECT app_json(projects_1.id, 'int') AS app_j FROM"
      " public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id ORDER BY"
      " projects_1.name ASC NULLS LAST, projects_1.rowid)) AS 'int\"id\"raw\"names\"raw\"id\"',"
      " NULL, NULL FROM public.clients AS clients_0 LIMIT ?1 | 1",
      "SELECT clients.id, (SELECT COALESCE(json_agg(app_v), '[]')"
      " FROM (SELECT projects_1.name AS app_v FROM public.projects AS projects_1"
      " WHERE projects_1.client_id = clients.id"
      " ORDER BY projects_1.name ASC NULLS LAST, projects_1.id) app_a) AS names,"
      " (SELECT COALESCE(json_agg(app_v), '[]') FROM (SELECT projects_1.id AS app_v"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id"
      " ORDER BY projects_1.name ASC NULLS LAST, projects_1.id) app_a) AS id,"
      " NULL AS app_n FROM public.clients AS clients LIMIT $1 | 1" },
    { "aggregates", "projects",
      "select=client_id,count(),id.max(),s:id::text.min()::int&limit=1", PLAIN,
      "SELECT projects.client_id, count(*), max(projects.id), app_cast(min(CASE"
      " typeof(projects.id) WHEN 'blob' THEN '\\x' || lower(hex(projects.id)) WHEN 'real' THEN"
      " trim(app_json(projects.id, 'real'), '\"') ELSE projects.id || '' END), 'integer') AS"
      " 'int\"client_id\"any\"count\"int\"max\"int\"s\"', NULL, NULL FROM public.projects AS"
      " projects GROUP BY projects.client_id LIMIT ?1 | 1",
      "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n"
      " FROM (SELECT projects.client_id, count(*) AS count, max(projects.id) AS max,"
      " CAST(min(CAST(projects.id AS text)) AS int) AS s"
      " FROM public.projects AS projects GROUP BY 1 LIMIT $1) app_page | 1" },
    { "aggregates alone", "projects", "select=count(),id.avg()&limit=1", PLAIN,
      "SELECT count(*), avg(projects.id) AS 'any\"count\"any\"avg\"', NULL, NULL FROM"
      " public.projects AS projects LIMIT ?1 | 1",
      "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n"
      " FROM (SELECT count(*) AS count, avg(projects.id) AS avg"
      " FROM public.projects AS projects LIMIT $1) app_page | 1" },
    { "aggregate of an embed", "clients", "select=id,projects(client_id,count())&limit=1", PLAIN,
      "SELECT clients_0.id, (SELECT app_array(app_j) FROM (SELECT"
      " app_object('int\"client_id\"any\"count\"', projects_1.client_id, count(*)) AS app_j"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id GROUP BY"
      " projects_1.client_id)) AS 'int\"id\"raw\"projects\"', NULL, NULL FROM public.clients AS"
      " clients_0 LIMIT ?1 | 1",
      "SELECT clients.id, (SELECT COALESCE(json_agg(app_1), '[]')"
      " FROM (SELECT projects_1.client_id, count(*) AS count"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id"
      " GROUP BY 1) app_1) AS projects, NULL AS app_n"
      " FROM public.clients AS clients LIMIT $1 | 1" },
    { "aggregate beside an embed", "projects", "select=count(),clients(name)&limit=1", PLAIN,
      "SELECT count(*), (SELECT app_object('text\"name\"', clients_1.name) FROM public.clients"
      " AS clients_1 WHERE clients_1.id = projects.client_id) AS 'any\"count\"raw\"clients\"',"
      " NULL, NULL FROM public.projects AS projects GROUP BY (SELECT app_object('text\"name\"',"
      " clients_1.name) FROM public.clients AS clients_1 WHERE clients_1.id ="
      " projects.client_id) LIMIT ?1 | 1",
      "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n"
      " FROM (SELECT count(*) AS count, (SELECT row_to_json(app_1)::jsonb"
      " FROM (SELECT clients_1.name FROM public.clients AS clients_1"
      " WHERE clients_1.id = projects.client_id) app_1) AS clients"
      " FROM public.projects AS projects GROUP BY 2 LIMIT $1) app_page | 1" },
    { "aggregate in a spread", "projects", "select=name,...clients(id.sum())&limit=1", PLAIN,
      "SELECT projects.name, sum(clients_1.id) AS 'text\"name\"any\"sum\"', NULL, NULL FROM"
      " public.projects AS projects LEFT JOIN public.clients AS clients_1 ON clients_1.id ="
      " projects.client_id GROUP BY projects.name LIMIT ?1 | 1",
      "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n"
      " FROM (SELECT projects.name, sum(clients_1.id) AS sum"
      " FROM public.projects AS projects LEFT JOIN public.clients AS clients_1 ON clients_1.id"
      " = projects.client_id GROUP BY 1 LIMIT $1) app_page | 1" },
    { "is there an aggregate", "clients", "select=id,projects!inner(count())&limit=1", PLAIN,
      "SELECT clients_0.id, (SELECT app_array(app_j) FROM (SELECT app_object('any\"count\"',"
      " count(*)) AS app_j FROM public.projects AS projects_1 WHERE projects_1.client_id ="
      " clients_0.id)) AS 'int\"id\"raw\"projects\"', NULL, NULL FROM public.clients AS"
      " clients_0 WHERE 1 = 1 LIMIT ?1 | 1",
      "SELECT clients.id, (SELECT COALESCE(json_agg(app_1), '[]')"
      " FROM (SELECT count(*) AS count FROM public.projects AS projects_1"
      " WHERE projects_1.client_id = clients.id) app_1) AS projects, NULL AS app_n"
      " FROM public.clients AS clients WHERE 1 = 1 LIMIT $1 | 1" },
    { "count", "clients", "select=id,projects!inner()&limit=1",
      { .prefer = "count=exact" },
      "SELECT NULL AS j, NULL, (SELECT count(*)"
      " FROM public.clients AS clients_0 WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id)) UNION"
      " ALL SELECT * FROM (SELECT app_object('int\"id\"', clients_0.id) AS j, NULL, NULL"
      " FROM public.clients AS clients_0 WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id) LIMIT ?1)"
      " | 1",
      "SELECT app_rows.*, app_all.app_total FROM (SELECT count(*) AS app_total"
      " FROM public.clients AS clients WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id)) app_all"
      " LEFT JOIN (SELECT clients.id, true AS app_row, NULL AS app_n"
      " FROM public.clients AS clients WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id) LIMIT $1)"
      " app_rows ON true | 1" },
    { "count up to a bound", "clients", "select=id",
      { .prefer = "count=estimated", .max_rows = 10 },
      "SELECT NULL AS j, NULL, (SELECT count(*)"
      " FROM public.clients AS clients_0) UNION ALL SELECT *"
      " FROM (SELECT app_object('int\"id\"', clients_0.id) AS j, NULL, NULL"
      " FROM public.clients AS clients_0 LIMIT ?1) | 10",
      "SELECT app_rows.*, app_all.app_total FROM (SELECT count(*) AS app_total"
      " FROM (SELECT 1 FROM public.clients AS clients LIMIT 11) app_some) app_all"
      " LEFT JOIN (SELECT clients.id, true AS app_row, NULL AS app_n"
      " FROM public.clients AS clients LIMIT $1) app_rows ON true | 10" },
    { "CSV", "projects", "select=id,name&limit=1",
      { .accept = "text/csv" },
      "SELECT app_csv('int\"id\"text\"name\"', projects.id, projects.name) AS j, NULL,"
      " NULL FROM public.projects AS projects LIMIT ?1 | 1",
      "SELECT substring(app_page::text, 2, length(app_page::text) - 2) AS app_json,"
      " NULL AS app_n FROM (SELECT projects.id, projects.name"
      " FROM public.projects AS projects LIMIT $1) app_page | 1" },
    { "without nulls", "projects", "select=id,clients(name)&limit=1",
      { .accept = "application/vnd.pgrst.object+json;nulls=stripped" },
      "SELECT app_strip(app_object('int\"id\"raw\"clients\"', projects.id,"
      " (SELECT app_object('text\"name\"', clients_1.name)"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id))) AS j, NULL,"
      " NULL FROM public.projects AS projects LIMIT ?1 | 1",
      "SELECT json_strip_nulls(row_to_json(app_page))::text AS app_json, NULL AS app_n"
      " FROM (SELECT projects.id, (SELECT row_to_json(app_1) FROM (SELECT clients_1.name"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id) app_1) AS"
      " clients FROM public.projects AS projects LIMIT $1) app_page | 1" },
    { "HEAD", "clients", "select=id,projects!inner()&order=name",
      { .head = 1 },
      "SELECT NULL AS j, (SELECT count(*) FROM (SELECT 1"
      " FROM public.clients AS clients_0 WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients_0.id))), NULL",
      "SELECT NULL::text AS app_json, count(*) AS app_n FROM (SELECT clients.id"
      " FROM public.clients AS clients WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.client_id = clients.id)) app_page" },
    { "of a filtered role", "projects", "select=id,clients(name),tasks(id)&limit=1",
      { .role = "own" },
      "SELECT projects.id, (SELECT app_object('text\"name\"', clients_1.name) FROM (SELECT"
      " rowid AS rowid, * FROM public.clients WHERE (id > 0)) AS clients_1 WHERE clients_1.id ="
      " projects.client_id), (SELECT app_array(app_j) FROM (SELECT app_object('int\"id\"',"
      " tasks_1.id) AS app_j FROM public.tasks AS tasks_1 WHERE tasks_1.project_id ="
      " projects.id)) AS 'int\"id\"raw\"clients\"raw\"tasks\"', NULL, NULL FROM public.projects"
      " AS projects WHERE (name <> '' OR id > 0) LIMIT ?1 | 1",
      "SELECT projects.id, (SELECT row_to_json(app_1) FROM (SELECT clients_1.name"
      " FROM public.clients AS clients_1 WHERE clients_1.id = projects.client_id) app_1) AS"
      " clients, (SELECT COALESCE(json_agg(app_2), '[]') FROM (SELECT tasks_1.id"
      " FROM public.tasks AS tasks_1 WHERE tasks_1.project_id = projects.id) app_2) AS tasks,"
      " NULL AS app_n FROM public.projects AS projects LIMIT $1 | 1" },
    { "of a filtered role, many to many", "tasks", "select=users(name)&limit=1",
      { .role = "own" },
      "SELECT (SELECT app_array(app_j) FROM (SELECT app_object('text\"name\"', users_1.name) AS"
      " app_j FROM (SELECT rowid AS rowid, * FROM public.users_tasks WHERE (user_id = 1)) AS"
      " app_j1 JOIN (SELECT rowid AS rowid, * FROM public.users WHERE (id < 9)) AS users_1 ON"
      " users_1.id = app_j1.user_id WHERE app_j1.task_id = tasks.id)) AS 'raw\"users\"', NULL,"
      " NULL FROM public.tasks AS tasks LIMIT ?1 | 1",
      "SELECT (SELECT COALESCE(json_agg(app_1), '[]') FROM (SELECT users_1.name"
      " FROM public.users_tasks AS app_j1 JOIN public.users AS users_1 ON users_1.id ="
      " app_j1.user_id WHERE app_j1.task_id = tasks.id) app_1) AS users, NULL AS app_n"
      " FROM public.tasks AS tasks LIMIT $1 | 1" },
    { "of a filtered role, spread", "projects", "select=id,...clients(name)&limit=1",
      { .role = "own" },
      "SELECT projects.id, clients_1.name AS 'int\"id\"text\"name\"', NULL, NULL FROM (SELECT"
      " rowid AS rowid, * FROM public.projects WHERE (name <> '' OR id > 0)) AS projects LEFT"
      " JOIN (SELECT rowid AS rowid, * FROM public.clients WHERE (id > 0)) AS clients_1 ON"
      " clients_1.id = projects.client_id LIMIT ?1 | 1",
      "SELECT projects.id, clients_1.name, NULL AS app_n"
      " FROM public.projects AS projects LEFT JOIN public.clients AS clients_1 ON clients_1.id"
      " = projects.client_id LIMIT $1 | 1" },
    { "of a filtered role, computed", "clients", "select=newest(id)&limit=1",
      { .role = "own" },
      "SELECT (SELECT app_object('int\"id\"', projects_1.id) FROM (SELECT * FROM (SELECT * FROM"
      " projects WHERE id > clients_0.id) AS projects WHERE (name <> '' OR id > 0)) AS"
      " projects_1) AS 'raw\"newest\"', NULL, NULL FROM (SELECT rowid AS rowid, * FROM"
      " public.clients WHERE (id > 0)) AS clients_0 LIMIT ?1 | 1",
      "SELECT (SELECT row_to_json(app_1) FROM (SELECT projects_1.id"
      " FROM public.newest(clients::public.clients) AS projects_1 LIMIT 1) app_1) AS newest,"
      " NULL AS app_n FROM public.clients AS clients LIMIT $1 | 1" },
};

static const case_t planned[] = {
    { "all", "clients", "", PLAIN,
      "SELECT CAST(stat AS INTEGER) FROM public.sqlite_stat1 WHERE tbl = ?1 LIMIT 1 | 'clients'",
      "EXPLAIN (FORMAT JSON) SELECT 1 FROM public.clients AS clients" },
    { "some", "projects", "id=gt.1&limit=3", PLAIN,
      "SELECT count(*) FROM public.projects AS projects WHERE (projects.id > ?1) | 1",
      "EXPLAIN (FORMAT JSON) SELECT 1 FROM public.projects AS projects WHERE (projects.id > $1)"
      " | '1'" },
    { "those that have", "tasks", "select=id,projects!inner()", PLAIN,
      "SELECT count(*) FROM public.tasks AS tasks WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.id = tasks.project_id)",
      "EXPLAIN (FORMAT JSON) SELECT 1 FROM public.tasks AS tasks WHERE EXISTS (SELECT 1"
      " FROM public.projects AS projects_1 WHERE projects_1.id = tasks.project_id)" },
    { "of a filtered role", "projects", "", { .role = "own" },
      "SELECT count(*) FROM public.projects AS projects WHERE (name <> '' OR id > 0)",
      "EXPLAIN (FORMAT JSON) SELECT 1 FROM public.projects AS projects" },
};

/** What says how many rows there are without counting them, where that is known. */
static const char *planned_sql(const case_t *c, const rest_dialect_t *dialect)
{
    rest_schema_t *schema = schema_linked(dialect->kind, world);
    app_error_t err = { .pool = unit_pool };
    rest_sql_t *sql = NULL;
    rest_plan_t *plan;
    app_buf_t buf;

    schema->analyzed = 1;
    app_buf_init(&buf, unit_pool, 1 << 20);
    assert_int_equal(ask_plan(&plan, ask_for(c->relation, c->query, &c->more), schema, &err),
                     APR_SUCCESS);
    assert_int_equal(dialect->planned(&sql, plan, &err, unit_pool), APR_SUCCESS);
    ask_add_sql(&buf, "", sql);
    return buf.data;
}

static void test_planned(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(planned); i++) {
        CASE_STRING(planned[i].name, planned_sql(&planned[i], &rest_sqlite), planned[i].sqlite);
        CASE_STRING(planned[i].name, planned_sql(&planned[i], &rest_pgsql), planned[i].pgsql);
    }
}

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
    cmocka_unit_test(test_planned),
};

UNIT_MAIN(tests)
