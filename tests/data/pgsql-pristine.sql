-- SPDX-License-Identifier: Apache-2.0
-- Read last: what each table looked like before any test, which the runner puts back after a case that writes.
CREATE SCHEMA pristine;
CREATE FUNCTION pristine.columns_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
    WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;
-- The next number of each sequence is the one behind the highest in use.
CREATE FUNCTION pristine.count_on(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    attr text;
BEGIN
    FOR attr IN SELECT attname FROM pg_attribute WHERE attrelid = name::regclass AND attidentity <> '' LOOP
        EXECUTE format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %s',
                       pg_get_serial_sequence(name, attr), attr, name::regclass);
    END LOOP;
END $$;
-- name is a table of the schema public, or SCHEMA.TABLE. As replica neither triggers nor foreign keys are looked at.
CREATE FUNCTION pristine.restore(name text) RETURNS void LANGUAGE plpgsql
    SET session_replication_role = replica AS $$
BEGIN
    EXECUTE format('DELETE FROM %s', name::regclass);
    EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM pristine.%I',
                   name::regclass, pristine.columns_of(name), name::regclass::text);
    PERFORM pristine.count_on(name);
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT oid::regclass::text FROM pg_class
                WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'archive'::regnamespace, 'app'::regnamespace) LOOP
        EXECUTE format('CREATE TABLE pristine.%I AS SELECT %s FROM %s', name, pristine.columns_of(name), name);
        PERFORM pristine.count_on(name);
    END LOOP;
END $$;
