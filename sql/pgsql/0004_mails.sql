-- Mails of plugin auth that wait to be sent, and for an hour those that were. A row says what is to be mailed to whom;
-- the token that goes with it is made when it is sent, so that no token is stored here.
CREATE TABLE app.app_mails (
    id         TEXT PRIMARY KEY,                -- a UUID; of the Message-ID, too
    recipient  TEXT NOT NULL,                   -- address in lower case, whether anybody has it or not
    purpose    TEXT NOT NULL
               CHECK (purpose IN ('signup', 'recovery', 'invite', 'email_change', 'magiclink')),
    user_id    TEXT REFERENCES app.app_users ON DELETE CASCADE, -- null: whoever has the address then
    redirect   TEXT,                            -- where the link leads in the end; null: the site's page
    slot       BIGINT NOT NULL,                -- created_at / MailInterval: one mail in each to an address
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,                -- when it is sent, or tried again
    tries      BIGINT NOT NULL DEFAULT 0,
    state      TEXT NOT NULL DEFAULT 'waiting', -- sent; none: nobody to send to; refused, expired: given up
    done_at    BIGINT,
    UNIQUE (recipient, slot)
);

CREATE INDEX app_mails_due ON app.app_mails (due_at) WHERE state = 'waiting';
CREATE INDEX app_mails_done ON app.app_mails (done_at) WHERE state <> 'waiting';
CREATE INDEX app_mails_user ON app.app_mails (user_id) WHERE user_id IS NOT NULL;

-- A code of six digits that can be typed in place of the token, few times.
ALTER TABLE app.app_one_time_tokens ADD COLUMN code TEXT; -- HMAC-SHA256 of address and code, in hex
ALTER TABLE app.app_one_time_tokens ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX app_one_time_tokens_email ON app.app_one_time_tokens (email);
