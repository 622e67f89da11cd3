-- Accounts, sessions and keys of plugin auth. Times are seconds since 1970. Tokens are stored as
-- hashes: whoever reads this database cannot sign in with what is in it.

-- Who can sign in. auth_uid() of policies and row filters is id.
CREATE TABLE app_users (
    id              TEXT PRIMARY KEY,           -- a UUID
    email           TEXT UNIQUE,                -- in lower case
    name            TEXT UNIQUE,                -- in lower case; to sign in without an address
    password        TEXT,                       -- $argon2id$… or what crypt() knows; null: none
    role            TEXT NOT NULL,              -- that requests of this user act as
    verified_at     INTEGER,                    -- the address is theirs
    disabled_at     INTEGER,                    -- may not sign in, and has no session
    user_data       TEXT NOT NULL DEFAULT '{}', -- JSON object that the user may change
    app_data        TEXT NOT NULL DEFAULT '{}', -- JSON object that only administrators change
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    signed_in_at    INTEGER,                    -- last time
    CHECK (email IS NOT NULL OR name IS NOT NULL)
) STRICT;

-- A sign-in, from its first token to its end. Access tokens name it as session_id.
CREATE TABLE app_sessions (
    id           TEXT PRIMARY KEY,              -- a UUID
    user_id      TEXT NOT NULL,                 -- no reference: it outlives the account, until its tokens have expired
    method       TEXT NOT NULL,                 -- how it was opened: password, recovery, invite, server …
    level        TEXT NOT NULL DEFAULT 'aal1',  -- aal2: with a second factor
    address      TEXT,                          -- of the client, when it was opened
    agent        TEXT,                          -- the client's User-Agent
    created_at   INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER                        -- signed out, ended by others, or stolen
) STRICT;

CREATE INDEX app_sessions_user ON app_sessions (user_id);
CREATE INDEX app_sessions_ended ON app_sessions (ended_at) WHERE ended_at IS NOT NULL;

-- A session's refresh tokens, one good at a time. One that comes a second time was stolen: the session ends.
CREATE TABLE app_refresh_tokens (
    hash       TEXT PRIMARY KEY,                -- SHA-256 of the token, in hex
    session_id TEXT NOT NULL REFERENCES app_sessions ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    used_at    INTEGER,                         -- when the next one was given for it
    salt       TEXT                             -- the next one is a hash of this and of the token before it
) STRICT;

CREATE INDEX app_refresh_tokens_session ON app_refresh_tokens (session_id);

-- What is sent by mail and may be used once.
CREATE TABLE app_one_time_tokens (
    hash       TEXT PRIMARY KEY,                -- SHA-256 of the token, in hex
    purpose    TEXT NOT NULL
               CHECK (purpose IN ('signup', 'recovery', 'invite', 'email_change', 'magiclink')),
    user_id    TEXT REFERENCES app_users ON DELETE CASCADE,
    email      TEXT,                            -- that it was sent to
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX app_one_time_tokens_user ON app_one_time_tokens (user_id);

-- Second factors: authenticator programs (TOTP, RFC 6238).
CREATE TABLE app_factors (
    id          TEXT PRIMARY KEY,               -- a UUID
    user_id     TEXT NOT NULL REFERENCES app_users ON DELETE CASCADE,
    name        TEXT,
    secret      TEXT NOT NULL,                  -- encrypted with a key that is not in the database
    last_step   INTEGER NOT NULL DEFAULT 0,     -- of the code that was taken last: no code is taken twice
    created_at  INTEGER NOT NULL,
    verified_at INTEGER                         -- null: not yet in use
) STRICT;

CREATE INDEX app_factors_user ON app_factors (user_id);

CREATE TABLE app_recovery_codes (
    user_id TEXT NOT NULL REFERENCES app_users ON DELETE CASCADE,
    hash    TEXT NOT NULL,                      -- SHA-256 of user id and code, in hex
    used_at INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT;

-- Keys of programs.
CREATE TABLE app_api_keys (
    id           TEXT PRIMARY KEY,              -- stands in the key, so that it can be found
    hash         TEXT NOT NULL,                 -- SHA-256 of the key, in hex
    name         TEXT NOT NULL,                 -- what it is for
    user_id      TEXT REFERENCES app_users ON DELETE CASCADE, -- null: nobody in particular
    role         TEXT NOT NULL,
    scopes       TEXT NOT NULL DEFAULT '',      -- divided by blanks
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,                       -- null: never
    used_at      INTEGER,                       -- last time, to the minute
    revoked_at   INTEGER
) STRICT;

-- Who signed in, failed to, and changed what.
CREATE TABLE app_audit (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    event      TEXT NOT NULL,                   -- sign_in, sign_in_failed, token_reused, key_created …
    user_id    TEXT,                            -- whom it is about; no reference: it outlives the account
    actor      TEXT,                            -- who did it: a user's id, appctl; null: the user
    session_id TEXT,
    address    TEXT,
    request_id TEXT,
    detail     TEXT NOT NULL DEFAULT '{}'       -- JSON object; never a secret
) STRICT;

CREATE INDEX app_audit_at ON app_audit (at);
CREATE INDEX app_audit_user ON app_audit (user_id, at);
