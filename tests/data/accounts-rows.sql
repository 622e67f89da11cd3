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

-- API keys of the tests, by what is behind the id: mapp_program00000_ProgramOfTheTestsProgramOfTheTestsProgramOf4dwn3w and so on,
-- with the id's name repeated to 43 letters, and the checksum. Without a role it is the user's.
INSERT INTO app_api_keys (id, hash, name, user_id, role, scopes, created_at, expires_at, revoked_at) VALUES
    ('program00000', '8dfbc4157eb3f8a9303895bdf9e9147c81dc6590c64cb612f9e1685fe5441294', 'a program', NULL, 'web_user', 'read write', 1700000000, NULL, NULL),
    ('adaskey00000', 'c41df02c309d7fb4128d9eb9ea6f6b29502120a446f6b9ddc5017161b9a26151', 'ada''s laptop', '00000000-0000-4000-8000-00000000000a', '', '', 1700000001, 4000000000, NULL),
    ('reader000000', '797078417a2484055d5d2689d4c0acc0bf0de4ff16e301cdc3440084d3bb595f', 'bob''s reader', '00000000-0000-4000-8000-00000000000b', 'web_anon', 'read', 1700000002, NULL, NULL),
    ('expired00000', '3eb6c43c97736f59850d7cdffbb43e9f58612f890ad60ab486e162a8198343a5', 'old', NULL, 'web_user', '', 1700000003, 1700000004, NULL),
    ('revoked00000', 'cafb3d89fe830eee5f4fb3214c5a405d141d5e5c0ffc02a3508aeb6b1b2a29fb', 'lost', NULL, 'web_user', '', 1700000005, NULL, 1700000006),
    ('dorakey00000', '550c0920205109722a452347a70ca5fec34c23740e9b69284d7656461d791134', 'dora''s', '00000000-0000-4000-8000-00000000000d', '', '', 1700000007, NULL, NULL);
