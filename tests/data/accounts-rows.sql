-- SPDX-License-Identifier: Apache-2.0
-- Users of the tests, on both databases; app_users has been made by the migrations. The password of all of them is
-- "correct horse battery"; ada's hash is of little memory, so that tests are quick, and the others came from elsewhere.
INSERT INTO app_users (id, email, name, password, role, verified_at, disabled_at, user_data, created_at, updated_at) VALUES
    ('00000000-0000-4000-8000-00000000000a', 'ada@example.org', 'ada', '$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9osgF9Vj/OWKKHDH0I89IVwT2taN4B89WCPCiZ5aS1Q', 'web_user', 1700000000, NULL, '{"shirt":"M"}', 1700000000, 1700000000),
    ('00000000-0000-4000-8000-00000000000b', 'bob@example.org', NULL, '$6$saltsalt$G9wFFnnUFCPffgjGaIp8t6onbqx3zGbMIn93ecLfBFGJpBV3/0HPLZ17qYbjb.WJDtXbmuMlQ9NnvzVms5ZXj.', 'web_user', 1700000000, NULL, '{}', 1700000000, 1700000000),
    ('00000000-0000-4000-8000-00000000000c', NULL, 'carl', '$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.', 'web_user', NULL, NULL, '{}', 1700000000, 1700000000),
    ('00000000-0000-4000-8000-00000000000d', 'dora@example.org', NULL, '$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9osgF9Vj/OWKKHDH0I89IVwT2taN4B89WCPCiZ5aS1Q', 'web_user', 1700000000, 1700000001, '{}', 1700000000, 1700000001),
    ('00000000-0000-4000-8000-00000000000e', 'eve@example.org', NULL, '$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9osgF9Vj/OWKKHDH0I89IVwT2taN4B89WCPCiZ5aS1Q', 'web_user', NULL, NULL, '{}', 1700000000, 1700000000),
    ('00000000-0000-4000-8000-00000000000f', 'fay@example.org', NULL, NULL, 'web_user', 1700000000, NULL, '{}', 1700000000, 1700000000);
