-- SPDX-License-Identifier: Apache-2.0
-- Who may do what with the sample's tables on SQLite: everyone reads, a token with the role "editor" writes.
INSERT INTO app_grants (role, resource, action) VALUES
    ('web_anon', 'sections', 'select'),
    ('web_anon', 'maintainers', 'select'),
    ('web_anon', 'packages', 'select'),
    ('web_anon', 'dependencies', 'select'),
    ('editor', 'sections', 'select'),
    ('editor', 'sections', 'insert'),
    ('editor', 'maintainers', 'select'),
    ('editor', 'maintainers', 'insert'),
    ('editor', 'packages', 'select'),
    ('editor', 'packages', 'insert'),
    ('editor', 'packages', 'update'),
    ('editor', 'packages', 'delete'),
    ('editor', 'dependencies', 'select'),
    ('editor', 'dependencies', 'insert'),
    ('editor', 'dependencies', 'delete');
