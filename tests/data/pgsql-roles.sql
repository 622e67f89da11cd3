-- SPDX-License-Identifier: Apache-2.0
-- Roles belong to the whole cluster: made once, before any database of the tests.
CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD 'pw-of-the-tests';
CREATE ROLE web_anon NOLOGIN;
CREATE ROLE web_user NOLOGIN;
CREATE ROLE web_other NOLOGIN;
-- A role with settings of its own.
CREATE ROLE web_hurried NOLOGIN;
ALTER ROLE web_hurried SET statement_timeout = '250ms';
ALTER ROLE web_hurried SET default_transaction_isolation = 'serializable';
GRANT web_anon, web_user, web_hurried TO authenticator;
