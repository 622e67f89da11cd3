-- SPDX-License-Identifier: Apache-2.0
-- Functions of every kind that can be called, on PostgreSQL; sqlite-more.sql holds those that are portable.
CREATE FUNCTION add_them(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT a + b $$;
COMMENT ON FUNCTION add_them IS E'Adds two numbers\n\nand nothing else.';
CREATE FUNCTION greet(name text DEFAULT 'world', greeting text DEFAULT 'Hello') RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT greeting || ', ' || name || '!' $$;
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE FUNCTION null_value() RETURNS text LANGUAGE sql STABLE AS $$ SELECT NULL $$;
CREATE FUNCTION json_value() RETURNS json LANGUAGE sql STABLE AS $$ SELECT '{"a":[1,null],"b":{"c":"d"}}'::json $$;
CREATE FUNCTION array_value() RETURNS integer[] LANGUAGE sql STABLE AS $$ SELECT ARRAY[3, 1, 2] $$;
CREATE FUNCTION count_up(n integer) RETURNS SETOF integer LANGUAGE sql STABLE
    AS $$ SELECT generate_series(1, n) $$;
CREATE FUNCTION all_films() RETURNS SETOF films LANGUAGE sql STABLE AS $$ SELECT * FROM films $$;
CREATE FUNCTION films_by_language(lang text) RETURNS SETOF films LANGUAGE sql STABLE
    AS $$ SELECT * FROM films WHERE language = lang $$;
CREATE FUNCTION best_films(n integer DEFAULT 3) RETURNS TABLE (title text, rating numeric) LANGUAGE sql STABLE
    AS $$ SELECT title, rating FROM films WHERE rating IS NOT NULL ORDER BY rating DESC, id LIMIT n $$;
CREATE FUNCTION sum_all(VARIADIC numbers integer[]) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT sum(n) FROM unnest(numbers) AS n $$;
CREATE FUNCTION sum_array(numbers integer[]) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT sum(n) FROM unnest(numbers) AS n $$;
CREATE FUNCTION shout(words text[]) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT upper(array_to_string(words, ' ')) $$;
CREATE FUNCTION member_of(data jsonb, name text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT data -> name $$;
-- Chosen by the names of their arguments.
CREATE FUNCTION area(radius double precision) RETURNS double precision LANGUAGE sql IMMUTABLE
    AS $$ SELECT 3 * radius * radius $$;
CREATE FUNCTION area(width double precision, height double precision) RETURNS double precision LANGUAGE sql IMMUTABLE
    AS $$ SELECT width * height $$;
-- Not to be told apart by them.
CREATE FUNCTION rate(value integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'number' $$;
CREATE FUNCTION rate(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'text' $$;
-- One argument without a name takes the whole body.
CREATE FUNCTION mult_them(json) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT ($1 ->> 'x')::integer * ($1 ->> 'y')::integer $$;
CREATE FUNCTION echo_json(json) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION echo_text(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION byte_count(bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length($1) $$;

-- What writes, and what may not be called by all.
CREATE FUNCTION add_director(first_name text, last_name text) RETURNS SETOF directors LANGUAGE sql AS $$
    INSERT INTO directors (first_name, last_name) VALUES (add_director.first_name, add_director.last_name) RETURNING *
$$;
CREATE FUNCTION mark_directors(mark text) RETURNS SETOF directors LANGUAGE sql AS $$
    UPDATE directors SET first_name = first_name || mark WHERE id < 4 RETURNING *
$$;
CREATE FUNCTION last_director(mark text) RETURNS text LANGUAGE sql AS $$
    UPDATE directors SET last_name = last_name || mark WHERE id = 3;
    SELECT last_name FROM directors WHERE id = 3 -- behind the last statement
$$;
CREATE FUNCTION raise_salaries(percent integer) RETURNS void LANGUAGE sql
    AS $$ UPDATE employees SET salary = salary * (100 + percent) / 100 $$;
CREATE FUNCTION only_users() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'welcome' $$;
REVOKE EXECUTE ON FUNCTION only_users FROM PUBLIC;
GRANT EXECUTE ON FUNCTION only_users TO web_user;

-- What refuses.
CREATE FUNCTION refuse(kind text) RETURNS void LANGUAGE sql SECURITY DEFINER
    AS $$ INSERT INTO alarms VALUES (kind) $$;
CREATE FUNCTION raise_plain() RETURNS void LANGUAGE plpgsql
    AS $$ BEGIN RAISE 'I refuse!' USING detail = 'Pretty simple', hint = 'There is nothing you can do.'; END $$;
CREATE FUNCTION raise_payment() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE SQLSTATE 'PT402' USING message = 'Payment Required', detail = 'Quota exceeded', hint = 'Upgrade your plan';
END $$;
CREATE FUNCTION raise_json() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE SQLSTATE 'PGRST' USING
        message = '{"code":"123","message":"Payment Required","details":"Quota exceeded","hint":"Upgrade your plan"}',
        detail = '{"status":402,"headers":{"X-Powered-By":"Nerd Rage"}}';
END $$;
CREATE FUNCTION raise_json_broken(message text DEFAULT 'INVALID', detail text DEFAULT '{"status":402,"headers":{}}')
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE SQLSTATE 'PGRST' USING message = raise_json_broken.message, detail = raise_json_broken.detail;
END $$;
CREATE FUNCTION raise_sqlstate(code text, message text DEFAULT 'raised') RETURNS void LANGUAGE plpgsql
    AS $$ BEGIN RAISE USING errcode = code, message = raise_sqlstate.message; END $$;

-- What reads and answers by settings.
CREATE FUNCTION get_setting(name text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting(name, true) $$;
CREATE FUNCTION who_am_i() RETURNS json LANGUAGE sql STABLE
    AS $$ SELECT json_build_object('role', auth_role(), 'sub', auth_uid()) $$;
CREATE FUNCTION respond(headers text DEFAULT '', status text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT set_config('response.headers', headers, true), set_config('response.status', status, true);
    SELECT 'done'
$$;
-- Whoever wrote it has forgotten that a connection serves others afterwards.
CREATE FUNCTION respond_to_all(headers text, status text) RETURNS text LANGUAGE sql AS $$
    SELECT set_config('response.headers', headers, false), set_config('response.status', status, false);
    SELECT 'done'
$$;
CREATE FUNCTION teapot() RETURNS json LANGUAGE sql AS $$
    SELECT set_config('response.status', '418', true);
    SELECT '{"message":"The requested entity body is short and stout."}'::json
$$;
-- For the setting of a function before every request: marks the answer, refuses whoever says so.
CREATE FUNCTION check_request() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('request.headers', true)::json ->> 'x-block' IS NOT NULL THEN
        RAISE SQLSTATE 'PT403' USING message = 'Blocked';
    END IF;
    PERFORM set_config('response.headers', '[{"X-Checked":"yes"}]', true);
END $$;
CREATE FUNCTION root() RETURNS json LANGUAGE sql STABLE AS $$ SELECT '{"swagger":"2.0","info":{"title":"ours"}}'::json $$;

-- On PostgreSQL only.
CREATE FUNCTION film_by_id(film_id integer) RETURNS films LANGUAGE sql STABLE
    AS $$ SELECT * FROM films WHERE id = film_id $$;
CREATE FUNCTION divide(a integer, b integer, OUT quotient integer, OUT remainder integer) LANGUAGE sql IMMUTABLE
    AS $$ SELECT a / b, a % b $$;
CREATE FUNCTION one_column() RETURNS TABLE (n integer) LANGUAGE sql IMMUTABLE AS $$ VALUES (1), (2) $$;
CREATE FUNCTION my_place() RETURNS place LANGUAGE sql IMMUTABLE AS $$ SELECT ('Main Street', 5)::place $$;
CREATE FUNCTION places() RETURNS SETOF place LANGUAGE sql IMMUTABLE
    AS $$ VALUES (('Main Street', 5)::place), (('Side Street', NULL)::place) $$;
CREATE FUNCTION describe(at place, how mood DEFAULT 'ok', "when" timestamptz[] DEFAULT '{}', code char(3) DEFAULT 'abc')
    RETURNS json LANGUAGE sql STABLE AS $$ SELECT json_build_array($1, $2, $3, $4) $$;
CREATE FUNCTION "Odd Name"("a.b" integer, "say ""x""" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || $2 $$;
CREATE FUNCTION happiest() RETURNS mood LANGUAGE sql IMMUTABLE AS $$ SELECT 'happy'::mood $$;
CREATE FUNCTION bump(INOUT n integer) LANGUAGE sql IMMUTABLE AS $$ SELECT n + 1 $$;
CREATE FUNCTION some_record() RETURNS record LANGUAGE sql STABLE AS $$ SELECT 1, 'one'::text $$;
CREATE FUNCTION some_records() RETURNS SETOF record LANGUAGE sql STABLE AS $$ VALUES (1, 'one'::text), (2, 'two') $$;
CREATE FUNCTION echo_jsonb(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION echo_xml(xml) RETURNS xml LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION during(period tsrange) RETURNS SETOF reservations LANGUAGE sql STABLE
    AS $$ SELECT * FROM reservations WHERE reservations.during && period $$;
CREATE FUNCTION wait(seconds double precision) RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(seconds) $$;
CREATE FUNCTION wait_briefly(seconds double precision) RETURNS void LANGUAGE sql
    SET statement_timeout = '200ms' AS $$ SELECT pg_sleep(seconds) $$;
CREATE FUNCTION isolation() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT current_setting('transaction_isolation') $$;
CREATE FUNCTION isolation_serializable() RETURNS text LANGUAGE sql STABLE
    SET default_transaction_isolation = 'serializable'
    AS $$ SELECT current_setting('transaction_isolation') $$;
CREATE FUNCTION archive.add_them(a integer, b integer) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT a || ' and ' || b $$;

-- Members of a row beside its columns: a field, rows to embed.
CREATE FUNCTION full_title(films) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT $1.title || coalesce(' (' || $1.year || ')', '') $$;
CREATE FUNCTION computed_director(films) RETURNS SETOF directors ROWS 1 LANGUAGE sql STABLE
    AS $$ SELECT * FROM directors WHERE id = $1.director_id $$;
CREATE FUNCTION computed_films(directors) RETURNS SETOF films LANGUAGE sql STABLE
    AS $$ SELECT * FROM films WHERE director_id = $1.id $$;
CREATE FUNCTION supervisor(employees) RETURNS SETOF employees ROWS 1 LANGUAGE sql STABLE
    AS $$ SELECT * FROM employees WHERE id = $1.supervisor_id $$;
CREATE FUNCTION subordinates(employees) RETURNS SETOF employees LANGUAGE sql STABLE
    AS $$ SELECT * FROM employees WHERE supervisor_id = $1.id $$;

-- Media types with handlers of their own: on functions, on a table, on anything.
CREATE DOMAIN "text/html" AS text;
CREATE DOMAIN "text/xml" AS xml;
CREATE DOMAIN "image/png" AS bytea;
CREATE DOMAIN "*/*" AS bytea;
CREATE DOMAIN "application/x-titles" AS text;
CREATE DOMAIN "text/tab-separated-values" AS text;
CREATE FUNCTION index_page() RETURNS "text/html" LANGUAGE sql STABLE AS $$ SELECT '<h1>Grüße</h1>' $$;
CREATE FUNCTION feed() RETURNS "text/xml" LANGUAGE sql STABLE AS $$ SELECT '<feed/>'::xml $$;
CREATE FUNCTION pixel() RETURNS "image/png" LANGUAGE sql STABLE AS $$ SELECT '\x89504e470d0a1a0a00'::bytea $$;
CREATE FUNCTION download(name text) RETURNS "*/*" LANGUAGE sql AS $$
    SELECT set_config('response.headers', json_build_array(
        json_build_object('Content-Disposition', 'attachment; filename="' || name || '"'))::text, true);
    SELECT convert_to('content of ' || name, 'UTF8')
$$;
CREATE FUNCTION titles_add(state "application/x-titles", film films) RETURNS "application/x-titles" LANGUAGE sql IMMUTABLE
    AS $$ SELECT state || film.title || E'\n' $$;
CREATE AGGREGATE titles(films) (sfunc = titles_add, stype = "application/x-titles", initcond = '');
CREATE FUNCTION tabs_add(state "text/tab-separated-values", item anyelement) RETURNS "text/tab-separated-values"
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT state || (SELECT string_agg(coalesce(value, ''), E'\t') FROM json_each_text(row_to_json(item))) || E'\n' $$;
CREATE AGGREGATE tabs(anyelement) (sfunc = tabs_add, stype = "text/tab-separated-values", initcond = '');
