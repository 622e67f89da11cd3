/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite's catalogue as a snapshot, of a database with mod_app's own tables. */
#include "unit_sqlite.h"
#include "unit_image.h"
#include "unit_schema.h"
#include "unit_snapshot.h"

#include "rest_schema_sqlite.h"

static app_db_t *database(const char *script)
{
    return sqlite_with(sqlite_place(), script);
}

static rest_schema_t *load(app_db_t *db)
{
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    app_tx_t *tx = tx_of(db, 1);
    rest_schema_t *schema;
    apr_pool_t *pool;

    APR_ARRAY_PUSH(spaces, const char *) = "main";
    APR_ARRAY_PUSH(spaces, const char *) = "far";
    apr_pool_create(&pool, unit_pool);
    schema = rest_schema_create(APP_DB_SQLITE, spaces, pool);
    if (rest_sqlite_load(schema, tx, &err) != APR_SUCCESS) {
        fail_msg("%s: %s", err.message, err.log);
    }
    app_tx_rollback(tx);
    return image_reopened(schema);
}

/** @param more behind mod_app's own tables */
static rest_schema_t *loaded(const char *more)
{
    return load(database(apr_pstrcat(unit_pool, sqlite_script("sql/sqlite/0001_grants.sql"),
                                     sqlite_script("sql/sqlite/0002_functions.sql"), more,
                                     NULL)));
}

static const char *relations_of(const rest_schema_t *schema, int columns)
{
    app_buf_t *buf = snapshot_buffer();
    int i, j;

    for (i = 0; i < schema->nspaces; i++) {
        for (j = 0; j < schema->spaces[i].nrelations; j++) {
            snapshot_relation(buf, schema->spaces[i].relations[j], columns);
        }
    }
    return buf->data;
}

static void test_role_settings(void **state)
{
    rest_schema_t *schema = loaded(
        apr_pstrcat(unit_pool, sqlite_script("sql/sqlite/0005_role_settings.sql"),
                    "INSERT INTO app_role_settings VALUES ('b', 'x', 'y'), ('a', 'x', 'z'),"
                    " ('a', 'statement_timeout', '2s')", NULL));
    const rest_role_setting_t *setting = schema->role_settings;
    const char *text = "";

    (void)state;
    for (; setting; setting = setting->next) {
        text = apr_pstrcat(unit_pool, text, setting->role, " ", setting->name, "=",
                           setting->value, ";", NULL);
    }
    assert_string_equal(text, "a statement_timeout=2s;a x=z;b x=y;");
    assert_null(loaded("CREATE TABLE t (a)")->role_settings);
}

static void test_relations(void **state)
{
    rest_schema_t *schema = loaded(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b, a, UNIQUE (a));"
        "CREATE TABLE \"two words\" (b TEXT, a INT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        "CREATE TABLE app_own (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE VIEW v AS SELECT id AS k, a || 'x' AS x FROM T;"
        "CREATE VIEW broken AS SELECT nosuch FROM t;"
        "CREATE VIEW own AS SELECT name, id FROM app_own;"
        "CREATE TRIGGER one INSTEAD OF INSERT ON V BEGIN SELECT 1; END;"
        "CREATE TRIGGER two INSTEAD OF UPDATE OF k ON v BEGIN SELECT 1; END;"
        "CREATE TRIGGER three INSTEAD OF DELETE ON own BEGIN SELECT 1; END;"
        "CREATE TRIGGER four AFTER UPDATE OF a ON t BEGIN SELECT current_setting('x', 1); END;"
        "CREATE TABLE rowids (\"RowId\" TEXT);"
        "CREATE VIRTUAL TABLE boxes USING rtree (id, l, r);");

    (void)state;
    snapshot_compare("relations", relations_of(schema, 0),
                     "table \"main\".\"boxes\" \n"
                     "view \"main\".\"own\" d key=id\n"
                     "table \"main\".\"rowids\" iud\n"
                     "table \"main\".\"t\" iud key=id\n"
                     "table \"main\".\"two words\" iud key=a key=b\n"
                     "view \"main\".\"v\" iu key=k\n");
    assert_int_equal(rest_schema_relation(schema, "main", "t")->rowid, 1);
    assert_int_equal(rest_schema_relation(schema, "main", "two words")->rowid, 0);
    assert_int_equal(rest_schema_relation(schema, "main", "rowids")->rowid, 0);
    assert_int_equal(rest_schema_relation(schema, "main", "v")->rowid, 0);
    assert_int_equal(schema->reads_request, 1);
    assert_int_equal(schema->no_grants, 0);
    assert_int_equal(schema->spaces[1].nrelations, 0);
}

static void test_columns(void **state)
{
    rest_schema_t *schema = loaded(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, code VARCHAR (40) NOT NULL DEFAULT 'x''y',"
        " price NUMERIC(10,2) DEFAULT (1 + 2), tags TEXT[], plain, made INT AS (id + 1),"
        " state TEXT NOT NULL CHECK (state IN ('new', 'done')), at TIMESTAMP DEFAULT"
        " CURRENT_TIMESTAMP);"
        "CREATE TABLE w (a INT, PRIMARY KEY (a)) WITHOUT ROWID;");
    const rest_relation_t *t = rest_schema_relation(schema, "main", "t");

    (void)state;
    snapshot_compare("columns", relations_of(schema, 1),
                     "table \"main\".\"t\" iud key=id\n"
                     "  id: INTEGER not null\n"
                     "  code: VARCHAR (40) base=VARCHAR not null default='x''y' max=40\n"
                     "  price: NUMERIC(10,2) base=NUMERIC default=1 + 2\n"
                     "  tags: TEXT[]\n"
                     "  plain: \n"
                     "  made: INT generated\n"
                     "  state: TEXT not null labels=new|done\n"
                     "  at: TIMESTAMP default=CURRENT_TIMESTAMP\n"
                     "table \"main\".\"w\" iud key=a\n"
                     "  a: INT not null\n");
    assert_int_equal(rest_relation_column(t, "tags")->kind, REST_KIND_ARRAY);
    assert_int_equal(rest_relation_column(t, "plain")->kind, REST_KIND_ANY);
    assert_string_equal(rest_relation_column(t, "price")->member, "numeric\"price\"");
}

static const char *links_of(const char *script)
{
    return schema_links(loaded(script), "\n");
}

#define AUTHORS "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT);"

static const struct {
    const char *name, *script, *links;
} links[] = {
    { "a key of its own name", AUTHORS
      "CREATE TABLE books (id INTEGER PRIMARY KEY,"
      " author CONSTRAINT wrote REFERENCES authors (id))",
      "authors o2m books wrote(id=author)\nbooks m2o authors wrote(author=id)\n" },
    { "names as they are stored", AUTHORS
      "CREATE TABLE books (Author REFERENCES AUTHORS (ID))",
      "authors o2m books books_Author_fkey(id=Author)\n"
      "books m2o authors books_Author_fkey(Author=id)\n" },
    { "to the primary key", AUTHORS "CREATE TABLE books (author REFERENCES authors)",
      "authors o2m books books_author_fkey(id=author)\n"
      "books m2o authors books_author_fkey(author=id)\n" },
    { "two columns",
      "CREATE TABLE countries (continent, code, PRIMARY KEY (continent, code)) WITHOUT ROWID;"
      "CREATE TABLE cities (continent, country, FOREIGN KEY (continent, country)"
      " REFERENCES countries)",
      "cities m2o countries cities_continent_country_fkey(continent=continent,country=code)\n"
      "countries o2m cities cities_continent_country_fkey(continent=continent,code=country)\n" },
    { "two keys, one with a name", AUTHORS
      "CREATE TABLE books (a REFERENCES authors, b, CONSTRAINT second FOREIGN KEY (b)"
      " REFERENCES authors)",
      "authors o2m books books_a_fkey(id=a)\nauthors o2m books second(id=b)\n"
      "books m2o authors books_a_fkey(a=id)\nbooks m2o authors second(b=id)\n" },
    { "a rowid that is a foreign key", AUTHORS
      "CREATE TABLE details (id INTEGER PRIMARY KEY REFERENCES authors)",
      "authors o2o details details_id_fkey(id=id)\n"
      "details o2o+ authors details_id_fkey(id=id)\n" },
    { "unique in another order",
      "CREATE TABLE p (a, b, PRIMARY KEY (a, b));"
      "CREATE TABLE c (x, y, UNIQUE (Y, X), FOREIGN KEY (x, y) REFERENCES p)",
      "c o2o+ p c_x_y_fkey(x=a,y=b)\np o2o c c_x_y_fkey(a=x,b=y)\n" },
    { "an index is no constraint", AUTHORS
      "CREATE TABLE c (x REFERENCES authors, y, UNIQUE (x, y)); CREATE UNIQUE INDEX i ON c (x)",
      "authors o2m c c_x_fkey(id=x)\nc m2o authors c_x_fkey(x=id)\n" },
    { "a junction", AUTHORS
      "CREATE TABLE books (id INTEGER PRIMARY KEY);"
      "CREATE TABLE wrote (author REFERENCES authors, book REFERENCES books,"
      " PRIMARY KEY (author, book))",
      "authors m2m books wrote_author_fkey(id=author) wrote wrote_book_fkey(book=id)\n"
      "authors o2m wrote wrote_author_fkey(id=author)\n"
      "books m2m authors wrote_book_fkey(id=book) wrote wrote_author_fkey(author=id)\n"
      "books o2m wrote wrote_book_fkey(id=book)\n"
      "wrote m2o authors wrote_author_fkey(author=id)\n"
      "wrote m2o books wrote_book_fkey(book=id)\n" },
    { "to itself", "CREATE TABLE n (id INTEGER PRIMARY KEY, up REFERENCES n)",
      "n m2o n n_up_fkey(up=id)\nn o2m n n_up_fkey(id=up)\n" },
    { "to nothing",
      "CREATE TABLE a (x REFERENCES nosuch); CREATE TABLE b (x, y REFERENCES a (nosuch))", "" },
    { "a column added later", AUTHORS
      "CREATE TABLE books (a CONSTRAINT first REFERENCES authors);"
      "ALTER TABLE books ADD COLUMN b CONSTRAINT later REFERENCES authors;"
      "ALTER TABLE books RENAME TO novels; ALTER TABLE novels RENAME a TO \"a b\"",
      "authors o2m novels first(id=a b)\nauthors o2m novels later(id=b)\n"
      "novels m2o authors first(a b=id)\nnovels m2o authors later(b=id)\n" },
    { "views", AUTHORS
      "CREATE TABLE books (a CONSTRAINT wrote REFERENCES authors, title);"
      "CREATE VIEW people AS SELECT ID AS key, upper(name) AS name FROM authors;"
      "CREATE VIEW people2 AS SELECT * FROM people WHERE key > 1;"
      "CREATE VIEW titles AS SELECT upper(title) AS t, +a AS a FROM books",
      "authors o2m books wrote(id=a)\nbooks m2o authors wrote(a=id)\n"
      "books m2o people wrote(a=key)\nbooks m2o people2 wrote(a=key)\n"
      "people o2m books wrote(key=a)\npeople2 o2m books wrote(key=a)\n" },
    { "compound views hide columns", AUTHORS
      "CREATE TABLE books (a CONSTRAINT wrote REFERENCES authors);"
      "CREATE VIEW \"u v\" AS SELECT 1 AS id UNION SELECT id FROM authors;"
      "CREATE VIEW over AS SELECT * FROM \"U V\";"
      "CREATE VIEW inside AS SELECT s.id FROM (SELECT id FROM authors EXCEPT SELECT 1) s",
      "authors o2m books wrote(id=a)\nbooks m2o authors wrote(a=id)\n" },
    { "through a table that is not exposed",
      "CREATE TABLE app_people (id INTEGER PRIMARY KEY);"
      "CREATE TABLE books (a CONSTRAINT wrote REFERENCES app_people);"
      "CREATE VIEW people AS SELECT id FROM app_people",
      "books m2o people wrote(a=id)\npeople o2m books wrote(id=a)\n" },
    { "computed", AUTHORS
      "CREATE TABLE books (id INTEGER PRIMARY KEY, a CONSTRAINT wrote REFERENCES authors);"
      "INSERT INTO app_computed VALUES ('authors', 'latest', 'setof books', 1, 'SELECT 1'),"
      " ('authors', 'books', 'setof books', 0, 'SELECT 1'), ('books', 'by', 'authors', 0, 'x')",
      "authors computed books books\nauthors computed books latest to one\n"
      "books m2o authors wrote(a=id)\nbooks computed authors by to one\n" },
};

static void test_links(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(links); i++) {
        snapshot_compare(links[i].name, links_of(links[i].script), links[i].links);
        sqlite_clean(NULL);
    }
}

static void test_fulltext(void **state)
{
    (void)state;
    snapshot_compare("full text", relations_of(loaded(
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, Title TEXT, body TEXT, note TEXT);"
        "CREATE TABLE other (uid INT UNIQUE, a) ;"
        "CREATE VIEW v AS SELECT id AS k, title FROM docs;"
        "CREATE VIRTUAL TABLE docs_fts USING fts5 (title, body UNINDEXED, content='Docs',"
        " content_rowid='id', tokenize=\"porter unicode61\");"
        "CREATE VIRTUAL TABLE alone USING fts5 (a, \"b c\");"
        "CREATE VIRTUAL TABLE other_fts USING fts5 (a, content=other, content_rowid=uid);"
        "CREATE VIRTUAL TABLE v_fts USING fts5 (title, content='v', content_rowid='k');"
        "CREATE VIRTUAL TABLE v_bad USING fts5 (title, content='v');"
        "CREATE VIRTUAL TABLE none USING fts5 (x, content='');"), 0),
        "table \"main\".\"alone\"  fts=\"main\".\"alone\"(a|b c)\n"
        "table \"main\".\"docs\" iud key=id fts=\"main\".\"docs_fts\"(Title) row=id"
        " tokenizer=porter unicode61\n"
        "table \"main\".\"docs_fts\"  fts=\"main\".\"docs_fts\"(title) tokenizer=porter unicode61\n"
        "table \"main\".\"none\"  fts=\"main\".\"none\"(x)\n"
        "table \"main\".\"other\" iud fts=\"main\".\"other_fts\"(a) row=uid\n"
        "table \"main\".\"other_fts\"  fts=\"main\".\"other_fts\"(a)\n"
        "view \"main\".\"v\"  key=k fts=\"main\".\"v_fts\"(Title) row=k\n"
        "table \"main\".\"v_bad\"  fts=\"main\".\"v_bad\"(title)\n"
        "table \"main\".\"v_fts\"  fts=\"main\".\"v_fts\"(title)\n");
}

/* Functions */

static const char *routines_of(const rest_schema_t *schema)
{
    app_buf_t *buf = snapshot_buffer();
    const rest_routine_t *routine;
    int i;

    for (i = 0; i < schema->spaces[0].nroutines; i++) {
        for (routine = schema->spaces[0].routines[i]; routine; routine = routine->next) {
            snapshot_routine(buf, routine);
        }
    }
    return buf->data;
}

/** A function from its arguments and what it returns. */
#define FUNCTION(name, args, returns)                                                             \
    "INSERT INTO app_functions VALUES ('" name "', '" args "', '" returns "', 'stable', 'x', NULL);"

static void test_routines(void **state)
{
    rest_schema_t *schema = loaded(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a DATE);"
        FUNCTION("f", "[]", "void")
        FUNCTION("f", "[{\"name\":\"n\",\"type\":\"int\",\"default\":[1,null]}]", "Setof int")
        FUNCTION("more", "[{\"name\":\"a\",\"type\":\"text\"},{\"name\":\"b\",\"type\":\"int\","
                 "\"variadic\":true,\"default\":null}]", "varchar(3)")
        FUNCTION("raw", "[{\"name\":\"\",\"type\":\"json\"}]", "json")
        FUNCTION("row", "[]", "t") FUNCTION("rows", "[]", " setof \"t\" ")
        FUNCTION("own", "[]", "TABLE (id numeric(3, 1), \"b c\" text [] , x)")
        FUNCTION("rec", "[]", "setof record")
        "INSERT INTO app_functions (name, body, comment) VALUES ('least', 'SELECT 1', 'small');"
        "INSERT INTO app_functions (name, body, volatility) VALUES ('pure', 'SELECT 1',"
        " 'immutable');");
    const rest_routine_t *own = rest_schema_routine(schema, "main", "own");

    (void)state;
    snapshot_compare("routines", routines_of(schema),
                     "\"main\".\"f\"() void void stable\n"
                     "\"main\".\"f\"(?n int default=[1,null]) set of value int stable\n"
                     "\"main\".\"least\"() void void comment=small\n"
                     "\"main\".\"more\"(a text, ...?b int[] default=null) value varchar(3) stable\n"
                     "\"main\".\"own\"() set of row TABLE (id numeric(3, 1), \"b c\" text [] , x)"
                     " stable\n"
                     "table \"own\" \n"
                     "  id: numeric(3, 1)\n"
                     "  b c: text []\n"
                     "  x: \n"
                     "\"main\".\"pure\"() void void immutable\n"
                     "\"main\".\"raw\"( json) value json stable\n"
                     "\"main\".\"rec\"() set of record record stable\n"
                     "\"main\".\"row\"() row t stable\n"
                     "table \"main\".\"t\" iud key=id\n"
                     "\"main\".\"rows\"() set of row \"t\" stable\n"
                     "table \"main\".\"t\" iud key=id\n");
    assert_non_null(rest_relation_column(own->relation, "b c"));
    assert_string_equal(rest_relation_column(own->relation, "id")->member, "numeric\"id\"");
    assert_string_equal(rest_schema_routine(schema, "main", "least")->body, "SELECT 1");
}

static void test_malformed(void **state)
{
    rest_schema_t *schema = loaded(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a DATE);"
        FUNCTION("bad", "[1]", "int") FUNCTION("bad", "[{\"name\":\"a\"}]", "int")
        FUNCTION("bad", "[{\"name\":1,\"type\":\"int\"}]", "int")
        FUNCTION("bad", "[{\"name\":\"a\",\"type\":\"x\"},{\"name\":\"a\",\"type\":\"x\"}]", "int")
        FUNCTION("bad", "[{\"name\":\"a\",\"type\":\"x\"},{\"name\":\"\",\"type\":\"x\"}]", "int")
        FUNCTION("bad", "[{\"name\":\"a\",\"type\":\"x\",\"variadic\":true},"
                 "{\"name\":\"b\",\"type\":\"x\"}]", "int")
        FUNCTION("bad", "[]", "") FUNCTION("bad1", "[]", "setof") FUNCTION("bad2", "[]", "table ()")
        FUNCTION("bad3", "[]", "table (a int") FUNCTION("bad4", "[]", "table (a int) x")
        FUNCTION("bad5", "[]", "int, int") FUNCTION("bad6", "[]", "table (a int, A int)")
        FUNCTION("good", "[]", "int")
        "INSERT INTO app_computed VALUES ('nosuch', 'x', 'int', 0, '1'), ('t', 'a', 'int', 0, '1'),"
        " ('t', 'b', 'void', 0, '1'), ('t', 'c', 'setof int', 0, '1'),"
        " ('t', 'd', 'record', 0, '1'),"
        " ('t', 'e', 'table (x int)', 0, '1'), ('t', 'f', 'setof T', 0, '1'),"
        " ('t', 'good', 'numeric(3,1)', 0, 'current_setting(''x'')');");
    const rest_routine_t *computed = rest_schema_relation(schema, "main", "t")->computed;

    (void)state;
    assert_string_equal(routines_of(schema), "\"main\".\"good\"() value int stable\n");
    assert_string_equal(computed->name, "good");
    assert_string_equal(computed->body, "current_setting('x')");
    assert_int_equal(computed->kind, REST_KIND_NUMERIC);
    assert_null(computed->next);
    assert_string_equal(schema_links(schema, "\n"), "");
    assert_int_equal(schema->reads_request, 1);
}

static void test_grants(void **state)
{
    rest_schema_t *schema = loaded(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a DATE);"
        FUNCTION("f", "[]", "int") FUNCTION("f", "[{\"name\":\"a\",\"type\":\"int\"}]", "int")
        "INSERT INTO app_grants VALUES ('r', 'f', 'execute', NULL, NULL, NULL),"
        " ('r', 't', 'select', 'id, nosuch', 'id > 1', NULL),"
        " ('s', 't', 'execute', NULL, NULL, NULL), ('s', 'nosuch', 'delete', NULL, NULL, NULL);");
    const rest_routine_t *f = rest_schema_routine(schema, "main", "f");
    const rest_grant_t *grant = rest_schema_relation(schema, "main", "t")->grants;

    (void)state;
    assert_string_equal(f->grants->role, "r");
    assert_int_equal(f->grants->right, REST_RIGHT_EXECUTE);
    assert_string_equal(f->next->grants->role, "r");
    assert_string_equal(grant->row_filter, "id > 1");
    assert_string_equal(grant->columns, "+-");
    assert_null(grant->next);
    assert_true(rest_schema_has_role(schema, "r"));
}

static int is_current(app_db_t *db, const rest_schema_t *schema)
{
    app_tx_t *tx = tx_of(db, 1);
    apr_int64_t version;
    int current = -1;

    assert_int_equal(app_tx_schema_version(tx, &version, &err), APR_SUCCESS); /* it begins */
    assert_int_equal(rest_sqlite_is_current(&current, schema, tx, &err), APR_SUCCESS);
    app_tx_rollback(tx);
    return current;
}

/** Every kind of change is noticed, and nothing else. */
static void test_versions(void **state)
{
    static const char *const changes[] = {
        "CREATE TABLE u (a)",
        "INSERT INTO app_grants (role, resource, action) VALUES ('r', 't', 'select')",
        FUNCTION("f", "[]", "int"),
        "UPDATE app_functions SET body = 'SELECT 2'",
        "DELETE FROM app_functions",
        "INSERT INTO app_computed (relation, name, returns, sql) VALUES ('t', 'x', 'int', '1')",
        "UPDATE app_computed SET sql = '2'",
        "DELETE FROM app_computed",
        "INSERT INTO app_role_settings VALUES ('r', 'statement_timeout', '2s')",
        "UPDATE app_role_settings SET value = '3s'",
        "DELETE FROM app_role_settings",
    };
    app_db_t *db = database(apr_pstrcat(unit_pool, sqlite_script("sql/sqlite/0001_grants.sql"),
                                        sqlite_script("sql/sqlite/0002_functions.sql"),
                                        sqlite_script("sql/sqlite/0005_role_settings.sql"),
                                        "CREATE TABLE t (a)", NULL));
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(changes); i++) {
        rest_schema_t *schema = load(db);

        CASE_INT(changes[i], is_current(db, schema), 1);
        assert_int_equal(app_db_script(db, "INSERT INTO t VALUES (1)", &err, unit_pool),
                         APR_SUCCESS);
        CASE_INT(changes[i], is_current(db, schema), 1);
        assert_int_equal(app_db_script(db, changes[i], &err, unit_pool), APR_SUCCESS);
        CASE_INT(changes[i], is_current(db, schema), 0);
    }
}

/** A database that knows nothing of mod_app, and one that is not up to date. */
static void test_own_tables(void **state)
{
    rest_schema_t *schema = load(database("CREATE TABLE a (id INTEGER PRIMARY KEY);"
                                          "CREATE TABLE b (a REFERENCES a)"));

    (void)state;
    assert_int_equal(schema->no_grants, 1);
    assert_string_equal(schema_links(schema, "\n"),
                        "a o2m b b_a_fkey(id=a)\nb m2o a b_a_fkey(a=id)\n");
    sqlite_clean(NULL);
    schema = load(database(sqlite_script("sql/sqlite/0001_grants.sql")));
    assert_int_equal(schema->no_grants, 0);
    assert_int_equal(schema->spaces[0].nroutines, 0);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_role_settings), cmocka_unit_test(test_relations),
    cmocka_unit_test(test_columns),
    cmocka_unit_test(test_links),     cmocka_unit_test(test_fulltext),
    cmocka_unit_test(test_routines),  cmocka_unit_test(test_malformed),
    cmocka_unit_test(test_grants),    cmocka_unit_test(test_versions),
    cmocka_unit_test(test_own_tables),
};

UNIT_MAIN(tests)
