-- Who is asking, for policies: PostgreSQL has roles, grants and row-level security of its own, and
-- mod_app sets the role and the token's claims for each transaction. These functions read them under
-- the names that they have on SQLite too, so that a policy reads the same on both:
--
--     CREATE POLICY own_rows ON todos USING (owner = auth_uid());

-- A member of the token's claims as text; NULL without a token or such a member. Claims are unset
-- ('') once a pooled connection has served its first transaction with a token, hence NULLIF.
CREATE FUNCTION auth_claim(name text) RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT NULLIF(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;

COMMENT ON FUNCTION auth_claim(text) IS 'A claim of the token that this request came with';

-- The user that the token is for (RFC 7519, claim "sub").
CREATE FUNCTION auth_uid() RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT NULLIF(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub' $$;

COMMENT ON FUNCTION auth_uid() IS 'The user that this request''s token is for';

-- The role that the request runs as. Not current_user, which is the owner inside a function that
-- is SECURITY DEFINER.
CREATE FUNCTION auth_role() RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT COALESCE(NULLIF(current_setting('role', true), 'none'), session_user::text) $$;

COMMENT ON FUNCTION auth_role() IS 'The role that this request runs as';
