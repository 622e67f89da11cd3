// SPDX-License-Identifier: Apache-2.0
// The widespread auth client, where mails and second factors come in. Mails go into a folder, in which they are read.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GoTrueClient, GoTrueAdminApi } from '@supabase/auth-js';
import { PostgrestClient } from '@supabase/postgrest-js';
import { api, authorization, writes } from './site.mjs';

const spool = process.env.APP_TEST_SPOOL;
const TABLES = 'app_users app_sessions app_refresh_tokens app_audit app_mails app_one_time_tokens app_factors app_recovery_codes';
const password = 'correct horse battery';
// fetch() would not let us choose the host.
const fetchFrom = (url, { method = 'GET', headers, body } = {}) => new Promise((resolve, reject) => {
    const sent = { ...Object.fromEntries(new Headers(headers)), host: 'mail.test' };
    http.request(url, { method, headers: sent }, async answer => {
        const text = Buffer.concat(await answer.toArray());
        resolve(new Response(text.length ? text : null, { status: answer.statusCode, headers: answer.headers }));
    }).on('error', reject).end(body);
});
const client = () => new GoTrueClient({ url: `${api}/auth`, autoRefreshToken: false, persistSession: false, fetch: fetchFrom });
const admin = new GoTrueAdminApi({ url: `${api}/auth`, headers: { Authorization: authorization }, fetch: fetchFrom });
const data = session => new PostgrestClient(api, { headers: { Authorization: `Bearer ${session.access_token}` }, fetch: fetchFrom });

async function good(promise) {
    const { data: found, error } = await promise;
    assert.equal(error, null, `${error?.code}: ${error?.message}`);
    return found;
}

async function refused(promise, status, code) {
    const { error } = await promise;
    assert.ok(error, 'should be refused');
    assert.deepEqual([error.status, error.code], [status, code], error.message);
}

// The newest mail to an address that was not there before.
const seen = new Set();
async function mail(to) {
    for (let i = 0; i < 150; i++) {
        for (const name of readdirSync(spool).filter(name => name.endsWith('.eml') && !seen.has(name))) {
            const text = readFileSync(`${spool}/${name}`, 'utf8').replace(/=\r\n/g, '').replace(/=3D/g, '=');
            if (text.includes(`To: <${to}>`)) {
                seen.add(name);
                const [, hash, type] = text.match(/#token_hash=([\w-]+)&type=(\w+)/);
                return { text, token_hash: hash, type, token: text.match(/code: (\d{6})/)[1] };
            }
        }
        await sleep(100);
    }
    return assert.fail(`no mail came for ${to}`);
}

// What an authenticator program shows, so many steps from now.
function totp(secret, steps = 0) {
    const bits = [...secret].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
    const digest = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)))).update(counter).digest();
    return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

describe('mails', () => {
    writes('a new password, by the link', TABLES, async () => {
        const auth = client();
        await good(auth.resetPasswordForEmail('ada@example.org', { redirectTo: 'https://shop.example.org/new' }));
        const { token_hash, type, text } = await mail('ada@example.org');
        assert.match(text, /redirect_to=https%3A%2F%2Fshop\.example\.org%2Fnew/);
        const { session } = await good(auth.verifyOtp({ token_hash, type }));
        assert.deepEqual(await good(data(session).from('people').select('id').eq('id', 1)), [{ id: 1 }]);
        await good(auth.updateUser({ password: 'another horse battery' }));
        await good(client().signInWithPassword({ email: 'ada@example.org', password: 'another horse battery' }));
        await refused(client().verifyOtp({ token_hash, type }), 403, 'otp_expired');
    });
    writes('a sign-in by the code', TABLES, async () => {
        await good(client().signInWithOtp({ email: 'bob@example.org' }));
        const { token } = await mail('bob@example.org');
        const { user } = await good(client().verifyOtp({ email: 'bob@example.org', token, type: 'email' }));
        assert.equal(user.email, 'bob@example.org');
    });
    writes('a sign-up, and its mail once more', TABLES, async () => {
        await good(client().signUp({ email: 'new@example.org', password }));
        const first = await mail('new@example.org');
        await refused(client().signInWithPassword({ email: 'new@example.org', password }), 400, 'email_not_confirmed');
        await sleep(1100);
        await good(client().resend({ type: 'signup', email: 'new@example.org' }));
        const second = await mail('new@example.org');
        await refused(client().verifyOtp({ token_hash: first.token_hash, type: 'signup' }), 403, 'otp_expired');
        await good(client().verifyOtp({ token_hash: second.token_hash, type: 'signup' }));
        await good(client().signInWithPassword({ email: 'new@example.org', password }));
    });
    writes('an invitation', TABLES, async () => {
        const { user } = await good(admin.inviteUserByEmail('guest@example.org', { data: { shirt: 'L' } }));
        assert.equal(user.email, 'guest@example.org');
        const { token_hash } = await mail('guest@example.org');
        const { session } = await good(client().verifyOtp({ token_hash, type: 'invite' }));
        assert.deepEqual(session.user.user_metadata, { shirt: 'L' });
    });
    writes('another address', TABLES, async () => {
        const auth = client();
        await good(auth.signInWithPassword({ email: 'ada@example.org', password }));
        const { user } = await good(auth.updateUser({ email: 'countess@example.org' }));
        assert.equal(user.email, 'ada@example.org');
        const { token_hash, type } = await mail('countess@example.org');
        await good(auth.verifyOtp({ token_hash, type }));
        assert.equal((await good(auth.getUser())).user.email, 'countess@example.org');
    });
    writes('no more than the address bears, and none to nobody', TABLES, async () => {
        const asked = [1, 2, 3].map(() => client().resetPasswordForEmail('nobody@example.org'));
        const codes = (await Promise.all(asked)).map(({ error }) => error?.code);
        assert.ok(codes.includes('over_email_send_rate_limit'), JSON.stringify(codes));
    });
});

describe('second factors', () => {
    writes('are enrolled, proved and taken away', TABLES, async () => {
        const auth = client();
        await good(auth.signInWithPassword({ email: 'ada@example.org', password }));
        const factor = await good(auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }));
        assert.match(factor.totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg /);
        assert.match(factor.totp.uri, /^otpauth:\/\/totp\/shop\.example\.org:ada%40example\.org\?/);
        const wrong = { factorId: factor.id, code: '000000' };
        if (totp(factor.totp.secret) !== wrong.code) {
            await refused(auth.mfa.challengeAndVerify(wrong), 422, 'mfa_verification_failed');
        }
        await good(auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }));
        assert.deepEqual((await good(auth.mfa.listFactors())).totp.map(({ id, status }) => [id, status]), [[factor.id, 'verified']]);
        assert.equal((await good(auth.mfa.getAuthenticatorAssuranceLevel())).currentLevel, 'aal2');
        const later = client();
        const { session } = await good(later.signInWithPassword({ email: 'ada@example.org', password }));
        const { currentLevel, nextLevel } = await good(later.mfa.getAuthenticatorAssuranceLevel());
        assert.deepEqual([currentLevel, nextLevel], ['aal1', 'aal2']);
        assert.equal((await data(session).from('people').select('id')).error.code, 'insufficient_aal');
        await refused(later.mfa.unenroll({ factorId: factor.id }), 403, 'insufficient_aal');
        await good(later.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret, 1) }));
        const raised = (await good(later.getSession())).session;
        assert.deepEqual(await good(data(raised).from('people').select('id').eq('id', 1)), [{ id: 1 }]);
        await good(later.mfa.unenroll({ factorId: factor.id }));
        assert.deepEqual((await good(later.mfa.listFactors())).all, []);
    });
});
