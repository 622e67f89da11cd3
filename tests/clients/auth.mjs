// SPDX-License-Identifier: Apache-2.0
// The widespread auth client against /api/auth: signs up, in and out, refreshes, changes the account; and data with its tokens.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GoTrueClient } from '@supabase/auth-js';
import { PostgrestClient } from '@supabase/postgrest-js';
import { api, writes } from './site.mjs';

const TABLES = 'app_users app_sessions app_refresh_tokens app_audit';
const ada = { email: 'ada@example.org', password: 'correct horse battery' };
// A client as a page has it, with a memory of its own.
const client = () => new GoTrueClient({ url: `${api}/auth`, autoRefreshToken: false, persistSession: false });
const data = session => new PostgrestClient(api, { headers: { Authorization: `Bearer ${session.access_token}` } });

async function good(promise) {
    const { data: found, error } = await promise;
    assert.equal(error, null, `${error?.code}: ${error?.message}`);
    return found;
}

async function refused(promise, status, code) {
    const { error } = await promise;
    assert.ok(error, 'should be refused');
    assert.deepEqual([error.status, error.code], [status, code], error.message);
    return error;
}

async function signedIn() {
    const auth = client();
    return { auth, ...await good(auth.signInWithPassword(ada)) };
}

describe('signing in', () => {
    writes('gives a session whose token is good for data', TABLES, async () => {
        const { auth, user, session } = await signedIn();
        assert.equal(user.email, ada.email);
        assert.equal(user.role, 'web_user');
        assert.deepEqual(user.user_metadata, { shirt: 'M' });
        assert.equal(session.token_type, 'bearer');
        assert.ok(session.expires_in > 800 && session.expires_in <= 900);
        assert.equal((await good(auth.getUser())).user.id, user.id);
        const rows = await good(data(session).from('people').select('email').eq('id', 1));
        assert.deepEqual(rows, [{ email: ada.email }]);
    });
    writes('is refused with a wrong password', 'app_audit', async () => {
        const error = await refused(client().signInWithPassword({ ...ada, password: 'wrong horse' }), 400, 'invalid_credentials');
        assert.equal(error.message, 'Invalid login credentials');
    });
    writes('is refused for who is disabled', 'app_audit', async () => {
        await refused(client().signInWithPassword({ ...ada, email: 'dora@example.org' }), 400, 'user_banned');
    });
    writes('tells what its token says', TABLES, async () => {
        const { auth, user, session } = await signedIn();
        const { claims } = await good(auth.getClaims());
        assert.equal(claims.sub, user.id);
        assert.equal(claims.aal, 'aal1');
        assert.equal(claims.amr[0].method, 'password');
        assert.equal(claims.exp, session.expires_at);
        assert.match(claims.session_id, /^[0-9a-f-]{36}$/);
    });
});

describe('refreshing', () => {
    writes('gives new tokens of the same session', TABLES, async () => {
        const { auth, session } = await signedIn();
        const { session: next } = await good(auth.refreshSession());
        assert.notEqual(next.refresh_token, session.refresh_token);
        assert.notEqual(next.access_token, session.access_token);
        assert.deepEqual(await good(data(next).from('people').select('id').eq('id', 1)), [{ id: 1 }]);
    });
    writes('of two tabs at once gives both the same', TABLES, async () => {
        const { session } = await signedIn();
        const both = await Promise.all([client(), client()].map(
            tab => good(tab.refreshSession({ refresh_token: session.refresh_token }))));
        assert.equal(both[0].session.refresh_token, both[1].session.refresh_token);
    });
    it('with what is no token is refused', async () => {
        await refused(client().refreshSession({ refresh_token: 'nobody' }), 400, 'refresh_token_not_found');
    });
    writes('sets a session that a page has kept', TABLES, async () => {
        const { session } = await signedIn();
        const { user } = await good(client().setSession(session));
        assert.equal(user.email, ada.email);
    });
});

describe('signing out', () => {
    for (const scope of ['global', 'local']) {
        writes(`${scope} ends the session at once`, TABLES, async () => {
            const { auth, session } = await signedIn();
            assert.equal((await auth.signOut({ scope })).error, null);
            const answer = await data(session).from('people').select('id');
            assert.deepEqual([answer.status, answer.error.code], [401, 'session_not_found']);
        });
    }
    writes('others leaves this one', TABLES, async () => {
        const [other, { auth, session }] = [await signedIn(), await signedIn()];
        assert.equal((await auth.signOut({ scope: 'others' })).error, null);
        assert.equal((await data(other.session).from('people').select('id')).status, 401);
        assert.equal((await data(session).from('people').select('id')).status, 200);
    });
});

describe('signing up', () => {
    const somebody = { email: 'new@example.org', password: 'a new password', options: { data: { shirt: 'L' } } };
    writes('makes an account that can sign in', TABLES, async () => {
        const auth = client();
        const { user, session } = await good(auth.signUp(somebody));
        assert.equal(session, null);
        assert.deepEqual([user.email, user.role, user.user_metadata], ['new@example.org', 'web_user', { shirt: 'L' }]);
        const signed = await good(auth.signInWithPassword(somebody));
        assert.equal(signed.user.email, 'new@example.org');
    });
    it('does not tell who has an account', async () => {
        const { user, session } = await good(client().signUp({ ...somebody, email: ada.email }));
        assert.deepEqual([user.email, user.role, session], [ada.email, 'web_user', null]);
    });
    it('with a weak password is refused', async () => {
        const error = await refused(client().signUp({ ...somebody, password: 'short' }), 422, 'weak_password');
        assert.equal(error.name, 'AuthWeakPasswordError');
    });
});

describe('the account', () => {
    writes('changes its data', TABLES, async () => {
        const { auth } = await signedIn();
        const { user } = await good(auth.updateUser({ data: { shirt: null, shoe: 41 } }));
        assert.deepEqual(user.user_metadata, { shoe: 41 });
    });
    writes('changes its password', TABLES, async () => {
        const { auth } = await signedIn();
        await good(auth.updateUser({ password: 'another horse battery' }));
        await good(client().signInWithPassword({ ...ada, password: 'another horse battery' }));
        await refused(client().signInWithPassword(ada), 400, 'invalid_credentials');
    });
    it('of nobody is not there', async () => {
        const { error } = await client().getUser();
        assert.equal(error.name, 'AuthSessionMissingError');
        await refused(client().getUser('a.b.c'), 401, 'PGRST301');
    });
});
