-- SPDX-License-Identifier: Apache-2.0
-- Roles belong to the whole cluster: made once, before any database of the tests.
CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD 'pw-of-the-tests';
CREATE ROLE web_anon NOLOGIN;
CREATE ROLE web_user NOLOGIN;
CREATE ROLE web_other NOLOGIN;
GRANT web_anon, web_user TO authenticator;
