-- SPDX-License-Identifier: Apache-2.0
-- Arrays, which the two databases write differently, and the functions of pgsql-functions.sql that are portable.
UPDATE films SET tags = '["horror","hotel"]' WHERE id = 1;
UPDATE films SET tags = '["space","computer, talking"]' WHERE id = 2;
UPDATE films SET tags = '["crime","say \"what\""]' WHERE id = 3;
UPDATE films SET tags = '["crime","revenge"]' WHERE id = 4;
UPDATE films SET tags = '["animation","fantasy"]' WHERE id IN (5, 6);
UPDATE films SET tags = '["hotel",null]' WHERE id = 7;
UPDATE films SET tags = '[]' WHERE id = 9;
UPDATE competitions SET jury = '[10,9,8]' WHERE id = 1;
UPDATE competitions SET jury = '[7,8]' WHERE id = 3;
UPDATE products SET sizes = '[1,2,3]' WHERE id = 2;
UPDATE products SET sizes = '[2]' WHERE id = 3;

INSERT INTO app_functions (name, args, returns, volatility, body, comment) VALUES
    ('add_them', '[{"name":"a","type":"integer"},{"name":"b","type":"integer"}]', 'integer', 'immutable',
     'SELECT :a + :b', 'Adds two numbers

and nothing else.'),
    ('greet', '[{"name":"name","type":"text","default":"world"},{"name":"greeting","type":"text","default":"Hello"}]',
     'text', 'stable', 'SELECT :greeting || '', '' || :name || ''!''', NULL),
    ('nothing', '[]', 'void', 'volatile', 'SELECT 1', NULL),
    ('null_value', '[]', 'text', 'stable', 'SELECT NULL', NULL),
    ('json_value', '[]', 'json', 'stable', 'SELECT ''{"a":[1,null],"b":{"c":"d"}}''', NULL),
    ('array_value', '[]', 'integer[]', 'stable', 'SELECT ''[3,1,2]''', NULL),
    ('count_up', '[{"name":"n","type":"integer"}]', 'setof integer', 'stable',
     'WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < :n) SELECT i FROM c WHERE i <= :n', NULL),
    ('all_films', '[]', 'setof films', 'stable', 'SELECT * FROM films', NULL),
    ('films_by_language', '[{"name":"lang","type":"text"}]', 'setof films', 'stable',
     'SELECT * FROM films WHERE language = :lang', NULL),
    ('best_films', '[{"name":"n","type":"integer","default":3}]', 'table(title text, rating numeric)', 'stable',
     'SELECT title, rating FROM films WHERE rating IS NOT NULL ORDER BY rating DESC, id LIMIT :n', NULL),
    ('sum_all', '[{"name":"numbers","type":"integer[]","variadic":true}]', 'bigint', 'immutable',
     'SELECT sum(value) FROM json_each(:numbers)', NULL),
    ('sum_array', '[{"name":"numbers","type":"integer[]"}]', 'bigint', 'immutable',
     'SELECT sum(value) FROM json_each(:numbers)', NULL),
    ('shout', '[{"name":"words","type":"text[]"}]', 'text', 'immutable',
     'SELECT upper(group_concat(value, '' '')) FROM json_each(:words)', NULL),
    ('member_of', '[{"name":"data","type":"json"},{"name":"name","type":"text"}]', 'json', 'immutable',
     'SELECT :data -> :name', NULL),
    ('area', '[{"name":"radius","type":"double precision"}]', 'double precision', 'immutable',
     'SELECT 3 * :radius * :radius', NULL),
    ('area', '[{"name":"width","type":"double precision"},{"name":"height","type":"double precision"}]',
     'double precision', 'immutable', 'SELECT :width * :height', NULL),
    ('rate', '[{"name":"value","type":"integer"}]', 'text', 'immutable', 'SELECT ''number''', NULL),
    ('rate', '[{"name":"value","type":"text"}]', 'text', 'immutable', 'SELECT ''text''', NULL),
    ('mult_them', '[{"name":"","type":"json"}]', 'integer', 'immutable', 'SELECT (?1 ->> ''x'') * (?1 ->> ''y'')', NULL),
    ('echo_json', '[{"name":"","type":"json"}]', 'json', 'immutable', 'SELECT ?1', NULL),
    ('echo_text', '[{"name":"","type":"text"}]', 'text', 'immutable', 'SELECT ?1', NULL),
    ('byte_count', '[{"name":"","type":"bytea"}]', 'integer', 'immutable', 'SELECT length(?1)', NULL),
    ('add_director', '[{"name":"first_name","type":"text"},{"name":"last_name","type":"text"}]', 'setof directors',
     'volatile', 'INSERT INTO directors (first_name, last_name) VALUES (:first_name, :last_name) RETURNING *', NULL),
    ('mark_directors', '[{"name":"mark","type":"text"}]', 'setof directors', 'volatile',
     'UPDATE directors SET first_name = first_name || :mark WHERE id < 4 RETURNING *', NULL),
    ('last_director', '[{"name":"mark","type":"text"}]', 'text', 'volatile',
     'UPDATE directors SET last_name = last_name || :mark WHERE id = 3;
      SELECT last_name FROM directors WHERE id = 3 -- behind the last statement', NULL),
    ('film_by_id', '[{"name":"film_id","type":"integer"}]', 'films', 'stable',
     'SELECT * FROM films WHERE id = :film_id', NULL),
    ('raise_salaries', '[{"name":"percent","type":"integer"}]', 'void', 'volatile',
     'UPDATE employees SET salary = salary * (100 + :percent) / 100', NULL),
    ('only_users', '[]', 'text', 'stable', 'SELECT ''welcome''', NULL),
    ('refuse', '[{"name":"kind","type":"text"}]', 'void', 'volatile', 'INSERT INTO alarms VALUES (:kind)', NULL),
    ('get_setting', '[{"name":"name","type":"text"}]', 'text', 'stable', 'SELECT current_setting(:name, 1)', NULL),
    ('who_am_i', '[]', 'json', 'stable', 'SELECT json_object(''role'', auth_role(), ''sub'', auth_uid())', NULL),
    ('respond', '[{"name":"headers","type":"text","default":""},{"name":"status","type":"text","default":""}]', 'text',
     'volatile', 'SELECT set_config(''response.headers'', :headers, 1), set_config(''response.status'', :status, 1);
      SELECT ''done''', NULL),
    ('teapot', '[]', 'json', 'volatile', 'SELECT set_config(''response.status'', ''418'', 1);
      SELECT ''{"message":"The requested entity body is short and stout."}''', NULL),
    ('grant_all', '[]', 'void', 'volatile', 'INSERT INTO app_grants (role, resource, action) VALUES (auth_role(), ''secrets'', ''select'')', NULL),
    ('users', '[]', 'setof text', 'stable', 'SELECT email FROM app_users', NULL),
    ('passwords', '[]', 'setof text', 'stable', 'SELECT password FROM app_users', NULL),
    ('tokens', '[]', 'setof text', 'stable', 'WITH t AS (SELECT t.hash AS h FROM app_refresh_tokens t) SELECT h FROM t', NULL),
    ('count_my_grants', '[]', 'integer', 'stable', 'SELECT count(*) FROM app_grants WHERE role = auth_role() AND resource = ''notes''', NULL),
    ('check_request', '[]', 'void', 'volatile',
     'SELECT set_config(''response.headers'', ''[{"X-Checked":"yes"}]'', 1)', NULL),
    ('root', '[]', 'json', 'stable', 'SELECT ''{"swagger":"2.0","info":{"title":"ours"}}''', NULL);
INSERT INTO app_computed (relation, name, returns, to_one, sql) VALUES
    ('films', 'full_title', 'text', 0, ':row.title || coalesce('' ('' || :row.year || '')'', '''')'),
    ('films', 'computed_director', 'setof directors', 1, 'SELECT * FROM directors WHERE id = :row.director_id'),
    ('directors', 'computed_films', 'setof films', 0, 'SELECT * FROM films WHERE director_id = :row.id'),
    ('employees', 'supervisor', 'setof employees', 1, 'SELECT * FROM employees WHERE id = :row.supervisor_id'),
    ('employees', 'subordinates', 'setof employees', 0, 'SELECT * FROM employees WHERE supervisor_id = :row.id');
INSERT INTO app_grants (role, resource, action)
    SELECT DISTINCT role.value, f.name, 'execute'
    FROM json_each('["web_anon", "web_user"]') AS role, app_functions AS f
    WHERE f.name <> 'only_users' OR role.value = 'web_user';

-- A role that may see parts of things, for what PostgreSQL checks by itself.
INSERT INTO app_grants (role, resource, action, columns, row_filter) VALUES
    ('web_part', 'directors', 'select', NULL, NULL),
    ('web_part', 'films', 'select', 'id,title,year,director_id', 'year >= 1990'),
    ('web_part', 'films', 'update', 'title', 'year >= 1990'),
    ('web_part', 'films', 'insert', 'id,title,year', 'year >= 1990'),
    ('web_part', 'employees', 'select', 'id,name,supervisor_id', 'id <= 2');

-- A role with settings of its own.
INSERT INTO app_role_settings (role, name, value) VALUES ('web_hurried', 'statement_timeout', '250ms');
INSERT INTO app_grants (role, resource, action) VALUES ('web_hurried', 'films', 'select'), ('web_hurried', 'slow', 'select');

-- Constraints with and without names of their own.
CREATE TABLE halls (id integer PRIMARY KEY, name text NOT NULL CONSTRAINT halls_are_named CHECK (name <> ''));
CREATE TABLE seats (
    hall_id integer REFERENCES halls,
    line    integer CHECK (line > 0),
    place   integer,
    last    integer,
    price   integer UNIQUE,
    CONSTRAINT seats_are_one PRIMARY KEY (hall_id, line, place),
    CHECK (last >= place)
);
CREATE UNIQUE INDEX seats_by_last ON seats (line, last);
CREATE TABLE bookings (
    id      integer PRIMARY KEY,
    hall_id integer,
    line    integer,
    place   integer,
    CONSTRAINT bookings_have_seats FOREIGN KEY (hall_id, line, place) REFERENCES seats
);
INSERT INTO halls VALUES (1, 'Great'), (2, 'Small');
INSERT INTO seats VALUES (1, 1, 1, 9, 10), (1, 1, 2, 8, NULL);
INSERT INTO bookings VALUES (1, 1, 1, 2);
INSERT INTO app_grants (role, resource, action)
    SELECT 'web_user', resource.value, action.value
    FROM json_each('["select", "insert", "update", "delete"]') AS action, json_each('["halls", "seats", "bookings"]') AS resource;
