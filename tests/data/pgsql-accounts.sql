-- SPDX-License-Identifier: Apache-2.0
-- What the server's role may do with the accounts' tables, and the users of the tests.
GRANT USAGE ON SCHEMA app TO authenticator;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO authenticator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO authenticator;
SET search_path = app;
\ir accounts-rows.sql
