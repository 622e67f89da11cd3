-- SPDX-License-Identifier: Apache-2.0
-- Who may do what with the sample's tables on PostgreSQL: everyone reads, a token with the role "editor" writes.
-- The role that mod_app signs in as must be a member of both: GRANT web_anon, editor TO that_role.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'web_anon') THEN
        CREATE ROLE web_anon NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'editor') THEN
        CREATE ROLE editor NOLOGIN;
    END IF;
END $$;

GRANT SELECT ON sections, maintainers, packages, dependencies TO web_anon, editor;
GRANT INSERT, UPDATE, DELETE ON packages TO editor;
GRANT INSERT ON sections, maintainers TO editor;
GRANT INSERT, DELETE ON dependencies TO editor;
