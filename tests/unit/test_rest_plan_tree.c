/* SPDX-License-Identifier: Apache-2.0 */
/** The tree of embeds: which relationship is meant, what filters and orders belong to whom. */
#include "unit_plan.h"
#include "unit_schema.h"

/** Clients have projects, projects tasks, and users work at tasks; people have a boss. */
static const char world[] =
    "table clients id* name:text; table projects id* name:text client_id data:json;"
    "table tasks id* name:text project_id; table users id* name:text;"
    "table users_tasks user_id* task_id*; table details project_id* note:text;"
    "table people id* name:text boss; table addresses id* city:text;"
    "table orders id* billing shipping; table likes user_id* task_id*;"
    "table sizes a* b*; table shirts id* a b; table alone id*; table api.far id* client_id;"
    "view client_names id=clients.id name=clients.name;"
    "key projects_client projects(client_id) clients(id);"
    "key tasks_project tasks(project_id) projects(id);"
    "key ut_user users_tasks(user_id) users(id); key ut_task users_tasks(task_id) tasks(id);"
    "key l_user likes(user_id) users(id); key l_task likes(task_id) tasks(id);"
    "key details_project details(project_id) projects(id) unique;"
    "key people_boss people(boss) people(id);"
    "key o_billing orders(billing) addresses(id); key o_shipping orders(shipping) addresses(id);"
    "key shirts_size shirts(a,b) sizes(a,b); key far_client api.far(client_id) clients(id);"
    "computed newest clients projects one; computed spread_out clients tasks;"
    "computed clients people clients one";

typedef struct case_t {
    const char *name, *relation, *query;
    ask_t       more;
    const char *expected; /* the plan, or the error */
} case_t;

#define PLAIN { .action = REST_READ }

#define NO_LINK(origin, target, hint)                                                           \
    "PGRST200 Could not find a relationship between '" origin "' and '" target                    \
    "' in the schema cache (Searched for a foreign key relationship between '" origin "' and '"   \
    target "'" hint " in the schema 'public', but no matches were found.)"

static const case_t links[] = {
    /* which relationship */
    { "the only way to a table", "projects", "select=id,clients(name)", PLAIN,
      "projects: id, clients={clients_1 by projects_client: name}" },
    { "back, to many", "clients", "select=id,projects(id)", PLAIN,
      "clients: id, projects=[projects_1 by projects_client: id]" },
    { "a constraint's name", "projects", "select=projects_client(id)", PLAIN,
      "projects: projects_client={clients_1 by projects_client: id}" },
    { "a key's column", "projects", "select=client_id(id)", PLAIN,
      "projects: client_id={clients_1 by projects_client: id}" },
    { "a column on the other side", "clients", "select=client_id(id)", PLAIN,
      NO_LINK("clients", "client_id", "") },
    { "a key's column of a table with a view", "tasks", "select=project_id(id)", PLAIN,
      "tasks: project_id={projects_1 by tasks_project: id}" },
    { "many to many", "users", "select=tasks!users_tasks(id)", PLAIN,
      "users: tasks=[tasks_1 by users_tasks: id]" },
    { "two junctions", "users", "select=tasks(id)", PLAIN,
      "PGRST201 Could not embed because more than one relationship was found for 'users' and"
      " 'tasks' ([{cardinality:many-to-many,embedding:users with tasks,relationship:likes using"
      " l_user(user_id) and l_task(task_id)},{cardinality:many-to-many,embedding:users with"
      " tasks,relationship:users_tasks using ut_user(user_id) and ut_task(task_id)}]) Try"
      " changing 'tasks' to one of the following: 'tasks!likes',"
      " 'tasks!users_tasks'. Find the desired relationship in the 'details' key." },
    { "hint: constraint", "orders", "select=addresses!o_billing(city)", PLAIN,
      "orders: addresses={addresses_1 by o_billing: city}" },
    { "hint: the column that refers", "orders", "select=addresses!shipping(city)", PLAIN,
      "orders: addresses={addresses_1 by o_shipping: city}" },
    { "hint: seen from the other side", "addresses", "select=orders!billing(id)", PLAIN,
      "addresses: orders=[orders_1 by o_billing: id]" },
    { "hint: the column that is referred to", "orders", "select=addresses!id(city)", PLAIN,
      "PGRST201 Could not embed because more than one relationship was found for 'orders' and"
      " 'addresses' ([{cardinality:many-to-one,embedding:orders with"
      " addresses,relationship:o_billing using orders(billing) and"
      " addresses(id)},{cardinality:many-to-one,embedding:orders with"
      " addresses,relationship:o_shipping using orders(shipping) and addresses(id)}]) Try"
      " changing 'addresses' to one of the following: 'addresses!o_billing',"
      " 'addresses!o_shipping'. Find the desired relationship in the 'details' key." },
    { "hint: no such", "orders", "select=addresses!zip(city)", PLAIN,
      NO_LINK("orders", "addresses", " using the hint 'zip'") },
    { "hint: a column of two", "shirts", "select=sizes!a(a)", PLAIN,
      NO_LINK("shirts", "sizes", " using the hint 'a'") },
    { "a key of two columns", "shirts", "select=sizes(a)", PLAIN,
      "shirts: sizes={sizes_1 by shirts_size: a}" },
    { "two keys", "orders", "select=addresses(city)", PLAIN,
      "PGRST201 Could not embed because more than one relationship was found for 'orders' and"
      " 'addresses' ([{cardinality:many-to-one,embedding:orders with"
      " addresses,relationship:o_billing using orders(billing) and"
      " addresses(id)},{cardinality:many-to-one,embedding:orders with"
      " addresses,relationship:o_shipping using orders(shipping) and addresses(id)}]) Try"
      " changing 'addresses' to one of the following: 'addresses!o_billing',"
      " 'addresses!o_shipping'. Find the desired relationship in the 'details' key." },
    { "two keys, seen from the other side", "addresses", "select=orders(id)", PLAIN,
      "PGRST201 Could not embed because more than one relationship was found for 'addresses'"
      " and 'orders' ([{cardinality:one-to-many,embedding:addresses with"
      " orders,relationship:o_billing using addresses(id) and"
      " orders(billing)},{cardinality:one-to-many,embedding:addresses with"
      " orders,relationship:o_shipping using addresses(id) and orders(shipping)}]) Try changing"
      " 'orders' to one of the following: 'orders!o_billing',"
      " 'orders!o_shipping'. Find the desired relationship in the 'details' key." },
    { "a table and its view", "projects",
      "select=clients!projects_client(id),client_names(id)", PLAIN,
      "projects: clients={clients_1 by projects_client: id},"
      " client_names={client_names_1 by projects_client: id}" },
    { "one to one", "projects", "select=details(note)", PLAIN,
      "projects: details={details_1 by details_project: note}" },
    { "one to one, back", "details", "select=projects(id)", PLAIN,
      "details: projects={projects_1 by details_project: id}" },
    { "itself: children", "people", "select=name,people(name)", PLAIN,
      "people: name, people=[people_1 by people_boss: name]" },
    { "itself: parent", "people", "select=name,boss(name)", PLAIN,
      "people: name, boss={people_1 by people_boss: name}" },
    { "itself: hint", "people", "select=people!boss(name)", PLAIN,
      "people: people=[people_1 by people_boss: name]" },
    { "itself: a constraint is no hint", "people", "select=people!people_boss(name)", PLAIN,
      NO_LINK("people", "people", " using the hint 'people_boss'") },
    { "computed", "clients", "select=newest(id)", PLAIN,
      "clients: newest={projects_1 by newest: id}" },
    { "computed: hints do not matter", "clients", "select=newest!nonsense(id)", PLAIN,
      "clients: newest={projects_1 by newest: id}" },
    { "computed: to many", "clients", "select=spread_out(id)", PLAIN,
      "clients: spread_out=[tasks_1 by spread_out: id]" },
    { "computed: target's name is not its name", "clients", "select=tasks(id)", PLAIN,
      NO_LINK("clients", "tasks", "") },
    { "computed in place of a table's name", "people", "select=clients(id)", PLAIN,
      "people: clients={clients_1 by clients: id}" },
    { "another schema", "clients", "select=far(id)", PLAIN,
      NO_LINK("clients", "far", "") },
    { "no relationships at all", "alone", "select=clients(id)", PLAIN,
      NO_LINK("alone", "clients", "") " Perhaps you meant 'people' instead of 'alone'." },
    { "a name like it", "clients", "select=project(id)", PLAIN,
      NO_LINK("clients", "project", "") " Perhaps you meant 'projects' instead of 'project'." },
    { "a name that exists, by another way", "tasks", "select=clients(id)", PLAIN,
      NO_LINK("tasks", "clients", "") " Perhaps you meant 'likes' instead of 'clients'." },
    { "with a hint", "clients", "select=projects!nope(id)", PLAIN,
      NO_LINK("clients", "projects", " using the hint 'nope'") },
    { "of an embed", "clients", "select=projects(users(id))", PLAIN,
      NO_LINK("projects", "users", "") },

    /* shapes */
    { "nested, with aliases", "clients", "select=p:projects(t:tasks(name),c:clients(id))", PLAIN,
      "clients: p=[projects_1 by projects_client: t=[tasks_2 by tasks_project: name],"
      " c={clients_2 by projects_client: id}]" },
    { "the same table twice", "projects", "select=a:clients(id),b:clients(name)", PLAIN,
      "projects: a={clients_1 by projects_client: id}, b={clients_1 by projects_client: name}" },
    { "inner and left", "clients", "select=projects!inner(tasks!left(id))", PLAIN,
      "clients: projects=[projects_1 by projects_client inner: tasks=[tasks_2 by tasks_project:"
      " id]]" },
    { "hint and inner", "orders",
      "select=b:addresses!o_billing!inner(id),s:addresses!inner!shipping(id)", PLAIN,
      "orders: b={addresses_1 by o_billing inner: id}, s={addresses_1 by o_shipping inner: id}" },
    { "nothing shown", "clients", "select=id,projects()", PLAIN,
      "clients: id hidden(projects_1 by projects_client)" },
    { "nothing shown, deeper", "clients", "select=id,projects(tasks(),details())", PLAIN,
      "clients: id hidden(projects_1 by projects_client hidden(tasks_2 by tasks_project)"
      " hidden(details_2 by details_project))" },
    { "only embeds", "clients", "select=projects(id)", PLAIN,
      "clients: projects=[projects_1 by projects_client: id]" },
    { "spread to one", "projects", "select=id,...clients(client:name)", PLAIN,
      "projects: id, client=clients_1.name spread(clients_1 by projects_client)" },
    { "spreads nested", "tasks", "select=id,...projects(pid:id,...clients(name))", PLAIN,
      "tasks: id, pid=projects_1.id, name=clients_2.name spread(projects_1 by tasks_project"
      " spread(clients_2 by projects_client))" },
    { "an embed in a spread", "tasks", "select=...projects(name,clients(id))", PLAIN,
      "tasks: name=projects_1.name, clients={clients_2 by projects_client: id}"
      " spread(projects_1 by tasks_project)" },
    { "spread to many", "clients", "select=id,...projects(names:name,id)", PLAIN,
      "clients: id, names=[names=name], id=[id] spread(projects_1 by projects_client:"
      " names=name, id)" },
    { "spread of all columns", "clients", "select=...projects(*)", PLAIN,
      "clients: id=[id], name=[name], client_id=[client_id],"
      " data=[data] spread(projects_1 by projects_client: id, name, client_id, data)" },
    { "spread to many in a spread", "projects", "select=...clients(...projects(id))", PLAIN,
      "projects: id=[id] spread(clients_1 by projects_client spread(projects_2 by"
      " projects_client: id))" },
    { "aggregates", "projects", "select=client_id,count(),id.max(),s:id::float8.sum()::text", PLAIN,
      "projects: client_id, count=count(), max=id.max(), s=id::float8.sum()::text grouped" },
    { "aggregates alone", "projects", "select=count(),id.avg()", PLAIN,
      "projects: count=count(), avg=id.avg() grouped" },
    { "aggregate of an embed", "clients", "select=id,projects(count())", PLAIN,
      "clients: id, projects=[projects_1 by projects_client: count=count() grouped]" },
    { "aggregate in a spread", "projects", "select=name,...clients(id.sum())", PLAIN,
      "projects: name, sum=clients_1.id.sum() spread(clients_1 by projects_client) grouped" },
    { "aggregate in a spread to many", "clients", "select=...projects(count())", PLAIN,
      "PGRST127 Feature not implemented (Aggregates are not implemented for one-to-many or"
      " many-to-many spreads.)" },
    { "JSON paths and casts", "projects",
      "select=data->a->>b,data->c->0,x:data->d::text,id::text", PLAIN,
      "projects: b=data->a->>b, c=data->c->#, x=data->d::text, id=id::text" },
};

static const case_t scopes[] = {
    /* filters */
    { "filter of an embed", "clients", "select=id,projects(id)&projects.name=eq.x", PLAIN,
      "clients: id, projects=[projects_1 by projects_client: id where name]" },
    { "by its alias", "clients", "select=p:projects(id)&p.name=eq.x", PLAIN,
      "clients: p=[projects_1 by projects_client: id where name]" },
    { "by its own name, in spite of the alias", "clients",
      "select=p:projects(id)&projects.name=eq.x", PLAIN,
      "clients: p=[projects_1 by projects_client: id where name] warns `projects` to `p`" },
    { "by its own name, twice", "clients",
      "select=p:projects(t:tasks(id))&projects.tasks.name=eq.x&p.t.id=eq.1&projects.order=id&pr"
      "ojects.limit=3", PLAIN,
      "clients: p=[projects_1 by projects_client: t=[tasks_2 by tasks_project: id where name"
      " id] order id limit 3] warns `projects` to `p`, `tasks` to `t`" },
    { "own names are not known", "clients", "select=p:projects(id)&projects.name=eq.x",
      { .no_legacy = 1 },
      "PGRST108 'projects' is not an embedded resource in this request (Target names are not"
      " allowed in filters if they have an alias) Change 'projects' to 'p' in filters,"
      " orders or limits." },
    { "an alias before a name", "projects",
      "select=clients:details(note),client_id(id)&clients.note=eq.x", PLAIN,
      "projects: clients={details_1 by details_project: note where note},"
      " client_id={clients_1 by projects_client: id}" },
    { "nothing of that name", "clients", "select=id&projects.name=eq.x", PLAIN,
      "PGRST108 'projects' is not an embedded resource in this request Verify that 'projects'"
      " is included in the 'select' query parameter." },
    { "nothing of that name, deeper", "clients",
      "select=projects(id)&projects.tasks.name=eq.x", PLAIN,
      "PGRST108 'tasks' is not an embedded resource in this request Verify that 'tasks' is"
      " included in the 'select' query parameter." },
    { "by a constraint's name", "projects",
      "select=projects_client(id)&projects_client.name=eq.x", PLAIN,
      "projects: projects_client={clients_1 by projects_client: id where name}" },
    { "a table that was asked for by another name", "projects",
      "select=projects_client(id)&clients.name=eq.x", PLAIN,
      "PGRST108 'clients' is not an embedded resource in this request Verify that 'clients' is"
      " included in the 'select' query parameter." },
    { "deep", "clients",
      "select=projects(tasks(id))&projects.tasks.id=gt.1&projects.tasks.or=(id.eq.1,not.and(nam"
      "e.eq.a,id.lt.3))&projects.not.or=(id.eq.1)", PLAIN,
      "clients: projects=[projects_1 by projects_client: tasks=[tasks_2 by tasks_project: id"
      " where id or( id not and( name id ) )] where not or( id )]" },
    { "of a spread", "projects", "select=...clients(name)&clients.name=eq.x", PLAIN,
      "projects: name=clients_1.name spread(clients_1 by projects_client where name)" },
    { "of what is not shown", "clients", "select=id,projects!inner()&projects.name=eq.x", PLAIN,
      "clients: id hidden(projects_1 by projects_client inner where name)" },

    /* rel=is.null */
    { "no rows", "clients", "select=id,projects()&projects=is.null", PLAIN,
      "clients: id hidden(projects_1 by projects_client) where none(projects)" },
    { "rows", "clients", "select=id,p:projects()&p=not.is.null&p.id=gt.3", PLAIN,
      "clients: id hidden(projects_1 by projects_client where id) where not none(projects)" },
    { "by its own name", "clients", "select=p:projects(id)&projects=is.null", PLAIN,
      "clients: p=[projects_1 by projects_client: id] where none(projects) warns `projects` to"
      " `p`" },
    { "in a group", "clients",
      "select=projects(),newest()&or=(projects.is.null,newest.not.is.null,id.eq.1)", PLAIN,
      "clients hidden(projects_1 by projects_client) hidden(projects_1 by newest) where or("
      " none(projects) not none(newest) id )" },
    { "in an embed", "clients", "select=projects(id,tasks())&projects.tasks=is.null", PLAIN,
      "clients: projects=[projects_1 by projects_client: id hidden(tasks_2 by tasks_project)"
      " where none(tasks)]" },
    { "any other operator is a column's", "projects", "select=id,clients()&clients=eq.3", PLAIN,
      "projects: id hidden(clients_1 by projects_client) where clients" },
    { "is.not_null is a column's", "projects", "select=id,clients()&clients=is.not_null", PLAIN,
      "projects: id hidden(clients_1 by projects_client) where clients" },

    /* orders */
    { "order of an embed", "clients",
      "select=projects(id)&projects.order=name.desc,id.nullsfirst&order=name", PLAIN,
      "clients: projects=[projects_1 by projects_client: id order name desc id nullsfirst]"
      " order name" },
    { "the first order counts", "clients",
      "select=projects(id)&order=id&order=name&projects.order=id&projects.order=name", PLAIN,
      "clients: projects=[projects_1 by projects_client: id order id] order id" },
    { "order by a column of an embed", "projects",
      "select=id,clients(id)&order=clients(name).desc,id", PLAIN,
      "projects: id, clients={clients_1 by projects_client: id} order clients.name desc id" },
    { "order by a column of an alias", "projects", "select=c:clients(id)&order=c(name)", PLAIN,
      "projects: c={clients_1 by projects_client: id} order clients.name" },
    { "by a spread's", "projects", "select=...clients(name)&order=clients(name)", PLAIN,
      "projects: name=clients_1.name spread(clients_1 by projects_client) order clients.name" },
    { "inside of an embed", "clients",
      "select=projects(id,details())&projects.order=details(note)", PLAIN,
      "clients: projects=[projects_1 by projects_client: id hidden(details_2 by"
      " details_project) order details.note]" },
    { "order by one of many", "clients", "select=id,projects(id)&order=projects(name)", PLAIN,
      "PGRST118 A related order on 'projects' is not possible ('clients' and 'projects' do not"
      " form a many-to-one or one-to-one relationship)" },
    { "order by one of many, inside", "clients",
      "select=projects(tasks(id))&projects.order=tasks(name)", PLAIN,
      "PGRST118 A related order on 'tasks' is not possible ('projects' and 'tasks' do not form"
      " a many-to-one or one-to-one relationship)" },
    { "order by what is not embedded", "projects", "select=id&order=clients(name)", PLAIN,
      "PGRST108 'clients' is not an embedded resource in this request Verify that 'clients' is"
      " included in the 'select' query parameter." },
    { "order by a name that has an alias", "projects", "select=c:clients(id)&order=clients(name)",
      { .no_legacy = 1 },
      "PGRST108 'clients' is not an embedded resource in this request (Target names are not"
      " allowed in filters if they have an alias) Change 'clients' to 'c' in filters,"
      " orders or limits." },

    /* pages */
    { "page of an embed", "clients",
      "select=projects(id)&limit=3&projects.limit=2&projects.offset=1", PLAIN,
      "clients: projects=[projects_1 by projects_client: id limit 2 offset 1] limit 3" },
    { "the last limit counts", "clients",
      "select=projects(id)&limit=3&limit=4&projects.limit=2&projects.limit=5", PLAIN,
      "clients: projects=[projects_1 by projects_client: id limit 5] limit 4" },
    { "no more than the site gives", "clients", "select=projects(tasks(id))&projects.limit=500",
      { .max_rows = 100 },
      "clients: projects=[projects_1 by projects_client: tasks=[tasks_2 by tasks_project: id"
      " limit 100] limit 100] limit 100" },
    { "less than the site gives", "clients", "select=projects(id)&limit=7&projects.limit=3",
      { .max_rows = 100 },
      "clients: projects=[projects_1 by projects_client: id limit 3] limit 7" },
    { "a negative limit", "clients", "select=projects(id)&projects.limit=-3", PLAIN,
      "2201W LIMIT must not be negative" },

    /* what is wrong first answers */
    { "108 before 200", "clients", "select=nothing(id)&other.id=eq.1", PLAIN,
      "PGRST108 'other' is not an embedded resource in this request Verify that 'other' is"
      " included in the 'select' query parameter." },
    { "200 before a related order", "clients",
      "select=nothing(id),projects(id)&order=projects(name)", PLAIN,
      NO_LINK("clients", "nothing", "") },
    { "related order before aggregates", "clients",
      "select=count(),projects(id)&order=projects(name)",
      { .no_aggregates = 1 },
      "PGRST118 A related order on 'projects' is not possible ('clients' and 'projects' do not"
      " form a many-to-one or one-to-one relationship)" },
    { "aggregates before media types", "clients", "select=id,projects(id.sum())",
      { .accept = "image/png", .no_aggregates = 1 },
      "PGRST123 Use of aggregate functions is not allowed" },
    { "media types before preferences", "clients", "",
      { .accept = "image/png", .prefer = "handling=strict,x" },
      "PGRST107 None of these media types are available: image/png" },
};

static void check(const case_t *c)
{
    CASE_STRING(c->name, ask_text(ask_for(c->relation, c->query, &c->more),
                                  schema_linked(APP_DB_PGSQL, world)), c->expected);
}

static void test_links(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(links); i++) {
        check(&links[i]);
    }
}

static void test_scopes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(scopes); i++) {
        check(&scopes[i]);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_links),
    cmocka_unit_test(test_scopes),
};

UNIT_MAIN(tests)
