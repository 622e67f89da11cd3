// SPDX-License-Identifier: Apache-2.0
// Tokens made by jose, good ones and bad ones, against a site that has their keys as JwtSecret ("own") and one that knows
// them as those of a foreign issuer ("foreign").
import assert from 'node:assert/strict';
import { createHmac, createSign, sign as nodeSign, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { describe, it } from 'node:test';
import * as jose from 'jose';
import { api } from './site.mjs';

const keys = JSON.parse(readFileSync(`${process.env.APP_TEST_KEYS}/private.json`));
const ISS = 'https://id.example.org/';
const AUD = 'tests';
const now = Math.floor(Date.now() / 1000);
const claims = { iss: ISS, aud: AUD, sub: 'ada', role: 'web_user', iat: now, exp: now + 600 };
const without = name => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const ALG = { r1: 'RS256', r2: 'RS256', e1: 'ES256', e2: 'ES384', e3: 'ES512', d1: 'EdDSA', o1: 'HS256', k1: 'ES256', stranger: 'RS256' };

// Making

const b64 = data => Buffer.from(data).toString('base64url');
const header = token => JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));

// As the library makes it, header and claims as they are given.
async function make(payload = claims, by = 'r1', more = {}, options = {}) {
    const alg = more.alg ?? ALG[by];
    const key = await jose.importJWK(keys[by].private, alg);
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const head = { alg, kid: keys[by].private.kid, typ: 'JWT', ...more };
    return new jose.CompactSign(new TextEncoder().encode(text)).setProtectedHeader(head).sign(key, options);
}

// What the library refuses to make: any bytes as header and claims, really signed with RS256 by key r1 or another.
const bytes = part => (typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part));

function raw(head, payload, by = 'r1') {
    const text = `${b64(bytes(head))}.${b64(bytes(payload))}`;
    return `${text}.${createSign('sha256').update(text).sign({ key: keys[by].private, format: 'jwk' }).toString('base64url')}`;
}

function hmac(secret, head = {}) {
    const text = `${b64(JSON.stringify({ alg: 'HS256', typ: 'JWT', ...head }))}.${b64(JSON.stringify(claims))}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

// A good token with one of its parts changed.
const changed = async (change, by = 'r1') => change((await make(claims, by)).split('.')).join('.');
const withHeader = (more, by = 'r1') => changed(
    ([head, ...rest]) => [b64(JSON.stringify({ ...JSON.parse(Buffer.from(head, 'base64url')), ...more })), ...rest], by);
const withSignature = (signature, by) => changed(([head, payload]) => [head, payload, b64(signature)], by);
const flipped = text => text.slice(0, 9) + (text[9] === 'A' ? 'B' : 'A') + text.slice(10);

async function der() {
    const [head, payload] = (await make(claims, 'e1')).split('.');
    const key = createPrivateKey({ key: keys.e1.private, format: 'jwk' });
    const signature = nodeSign('sha256', Buffer.from(`${head}.${payload}`), { key, dsaEncoding: 'der' });
    return `${head}.${payload}.${b64(signature)}`;
}

async function swapped() {
    const other = (await make({ ...claims, sub: 'eve' })).split('.')[2];
    return changed(([head, payload]) => [head, payload, other]);
}

async function asJson() {
    const [head, payload, signature] = (await make()).split('.');
    return JSON.stringify({ protected: head, payload, signature });
}

// RFC 7797: the claims as they are, and not in base64, are what is signed.
async function unencoded() {
    const text = JSON.stringify(claims);
    const jws = await new jose.FlattenedSign(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: 'RS256', kid: 'r1', b64: false, crit: ['b64'] })
        .sign(await jose.importJWK(keys.r1.private, 'RS256'));
    return `${jws.protected}.${b64(text)}.${jws.signature}`;
}

async function encrypted() {
    const key = await jose.importJWK(keys.r1.public, 'RSA-OAEP-256');
    return new jose.EncryptJWT(claims).setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }).encrypt(key);
}

// Signed by nobody whom the site knows, who brings his key along.
async function bringing(member) {
    const brought = {
        jwk: keys.stranger.public, jku: 'https://evil.example.org/jwks.json', x5u: 'https://evil.example.org/cert.pem',
        x5c: [keys.stranger.pem.replace(/-----[^-]+-----|\n/g, '')],
    };
    return make(claims, 'stranger', { kid: 'r1', [member]: brought[member] });
}

const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const nested = depth => JSON.stringify(claims).replace(/}$/, `,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`);

// Asking. fetch() would not let us choose the host.

function get(site, path, headers = {}) {
    const { port } = new URL(api);
    return new Promise((resolve, reject) => {
        const read = answer => {
            let text = '';
            answer.setEncoding('utf8').on('data', part => { text += part; });
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
        };
        http.get({ host: '127.0.0.1', port, path, headers: { Host: `${site}.test`, ...headers } }, read).on('error', reject);
    });
}

const ask = (site, token) => get(site, '/api/people?id=eq.1&select=id', { Authorization: `Bearer ${token}` });

// Cases: name, what makes the token, and where it is good, or the code and message of its refusal; "own" and "foreign" may
// differ.

const good = [
    ...['r1', 'e1', 'e2', 'e3', 'd1'].map(by => [ALG[by], () => make(claims, by)]),
    ['HS256', () => make(claims, 'o1'), ['own']],
    ['HS512 by a key that is for HS256', () => make(claims, 'o1', { alg: 'HS512' }), []],
    ['RS512: a key of ours may, a published one has RS256 alone', () => make(claims, 'r1', { alg: 'RS512' }), ['own']],
    ['no kid', () => make(claims, 'e1', { kid: undefined })],
    ['the other key of the same kid', () => make(claims, 'r2')],
    ['no typ', () => make(claims, 'r1', { typ: undefined })],
    ['at+jwt', () => make(claims, 'r1', { typ: 'at+jwt' })],
    ['members of the header that nobody knows', () => make(claims, 'r1', { x: { y: [1] } })],
    ['made by SignJWT', async () => new jose.SignJWT({ role: 'web_user' }).setProtectedHeader({ alg: 'EdDSA' }).setIssuer(ISS).setAudience(AUD)
        .setIssuedAt().setNotBefore('-1 minute').setExpirationTime('5m').sign(await jose.importJWK(keys.d1.private, 'EdDSA'))],
    ['one of several audiences', () => make({ ...claims, aud: ['x', AUD] })],
    ['no audience', () => make(without('aud')), ['own']],
    ['no exp', () => make(without('exp'))],
    ['just expired', () => make({ ...claims, exp: now - 20 })],
    ['clock just ahead', () => make({ ...claims, iat: now + 20, nbf: now + 20 })],
    ['other characters', () => make({ ...claims, name: 'Ädä 🦊 \u0007 "\\' })],
    ['large numbers', () => make(JSON.stringify(claims).replace(/}$/, ',"n":123456789012345678901234567890}'))],
    ['blanks around the claims', () => make(` ${JSON.stringify(claims)}\n`)],
    ['nested, but not too deep', () => make(nested(60))],
];

const KEY = ['PGRST301', 'No suitable key or wrong key type'];
const BROKEN = ['PGRST301', 'JWT cryptographic operation failed'];
const PARTS = n => ['PGRST301', `Expected 3 parts in JWT; got ${n}`];
const CLAIMS = message => ['PGRST303', message];
const UNREADABLE = CLAIMS('Parsing claims failed');
// Whose claims cannot be read is nobody's token: the foreign site tries its own key, which has not made it.
const unreadable = { own: UNREADABLE, foreign: KEY };

const bad = [
    ['alg none', () => new jose.UnsecuredJWT(claims).encode(), ['PGRST301', 'Wrong or unsupported encoding algorithm']],
    ['alg none, signed', () => raw({ alg: 'none' }, claims), ['PGRST301', 'Wrong or unsupported encoding algorithm']],
    ['alg nOnE', () => raw({ alg: 'nOnE' }, claims), KEY],
    ['alg empty', () => raw({ alg: '' }, claims), KEY],
    ['alg missing', () => raw({}, claims), BROKEN],
    ['alg no text', () => raw({ alg: ['RS256'] }, claims), BROKEN],
    ['alg in another case', () => raw({ alg: 'rs256' }, claims), KEY],
    ['PS256', () => make(claims, 'r1', { alg: 'PS256' }), KEY],
    ['HS256 with the public key as PEM', () => hmac(keys.r1.pem), KEY],
    ['… with its kid', () => hmac(keys.r1.pem, { kid: 'r1' }), KEY],
    ['… without a line end', () => hmac(keys.r1.pem.trim(), { kid: 'r1' }), KEY],
    ['HS256 with the public key as JWK', () => hmac(JSON.stringify(keys.r1.public), { kid: 'r1' }), KEY],
    ['HS256 with its modulus', () => hmac(Buffer.from(keys.r1.public.n, 'base64url'), { kid: 'r1' }), KEY],
    ['HS256 with the point of EC', () => hmac(Buffer.from(keys.e1.public.x, 'base64url'), { kid: 'e1' }), KEY],
    ['HS256 with nothing', () => hmac(''), KEY],
    ['HS256 with another secret', () => hmac('another secret that is long enough for it', { kid: 'o1' }), KEY],
    ['expired', () => make({ ...claims, exp: now - 60 }), CLAIMS('JWT expired')],
    ['exp 0', () => make({ ...claims, exp: 0 }), CLAIMS('JWT expired')],
    ['exp text', () => make({ ...claims, exp: `${now + 60}` }), CLAIMS("The JWT 'exp' claim must be a number")],
    ['nbf ahead', () => make({ ...claims, nbf: now + 60 }), CLAIMS('JWT not yet valid')],
    ['iat ahead', () => make({ ...claims, iat: now + 60 }), CLAIMS('JWT issued at future')],
    ['other audience', () => make({ ...claims, aud: 'others' }), CLAIMS('JWT not in audience')],
    ['audience that begins like ours', () => make({ ...claims, aud: `${AUD}2` }), CLAIMS('JWT not in audience')],
    ['audience no text', () => make({ ...claims, aud: [AUD, 1] }), CLAIMS("The JWT 'aud' claim must be a string or an array of strings")],
    ['audience missing', () => make(without('aud')), { foreign: CLAIMS('JWT not in audience') }],
    ['other issuer', () => make({ ...claims, iss: 'https://evil.example.org/' }), { own: CLAIMS('JWT not from this issuer'), foreign: KEY }],
    ['issuer without its last character', () => make({ ...claims, iss: ISS.slice(0, -1) }), { own: CLAIMS('JWT not from this issuer'), foreign: KEY }],
    ['issuer missing', () => make(without('iss')), { own: CLAIMS('JWT not from this issuer'), foreign: KEY }],
    ['issuer no text', () => make({ ...claims, iss: [ISS] }), { own: CLAIMS('JWT not from this issuer'), foreign: KEY }],
    ['claims tampered with', () => changed(([head, , signature]) => [head, b64(JSON.stringify({ ...claims, sub: 'eve' })), signature]), KEY],
    ['signature tampered with', () => changed(([head, payload, signature]) => [head, payload, flipped(signature)]), KEY],
    ['header tampered with', () => withHeader({ typ: 'x' }), KEY],
    ['algorithm tampered with', () => withHeader({ alg: 'RS384' }), KEY],
    ['kid of another key', () => withHeader({ kid: 'd1' }), KEY],
    ['kid of nobody', () => make(claims, 'r1', { kid: 'r9' }), KEY],
    ['kid that is a path', () => make(claims, 'r1', { kid: '../../../dev/null' }), KEY],
    ['kid no text', () => raw({ alg: 'RS256', kid: 1 }, claims), BROKEN],
    ['key for encryption', () => make(claims, 'k1'), KEY],
    ['key of nobody', () => make(claims, 'stranger', { kid: 'r1' }), KEY],
    ['signature of another token', swapped, KEY],
    ['EC said to be RSA', () => withHeader({ alg: 'RS256', kid: 'r1' }, 'e1'), KEY],
    ['RSA said to be EC', () => withHeader({ alg: 'ES256', kid: 'e1' }), KEY],
    ['RSA said to be EdDSA', () => withHeader({ alg: 'EdDSA', kid: 'd1' }), KEY],
    ['curve of another algorithm', () => withHeader({ alg: 'ES384', kid: 'e1' }, 'e1'), KEY],
    ['r and s are 0', () => withSignature(Buffer.alloc(64), 'e1'), KEY],
    ['r and s are the order', () => withSignature(Buffer.from(ORDER + ORDER, 'hex'), 'e1'), KEY],
    ['EdDSA, all 0', () => withSignature(Buffer.alloc(64), 'd1'), KEY],
    ['RSA, all 0', () => withSignature(Buffer.alloc(256), 'r1'), KEY],
    ['RSA, 1', () => withSignature(Buffer.concat([Buffer.alloc(255), Buffer.from([1])]), 'r1'), KEY],
    ['EC, in DER', der, KEY],
    ['no signature', () => changed(([head, payload]) => [head, payload, '']), KEY],
    ['no signature, by HMAC', () => hmac('x', { kid: 'o1' }).replace(/[^.]+$/, ''), KEY],
    ['no claims', () => changed(([head, , signature]) => [head, '', signature]), KEY],
    ['no header', () => changed(([, payload, signature]) => ['', payload, signature]), BROKEN],
    ['two parts', () => changed(([head, payload]) => [head, payload]), PARTS(2)],
    ['four parts', () => changed(parts => [...parts, 'x']), PARTS(4)],
    ['dots alone', () => '..', BROKEN],
    ['one word', () => 'token', PARTS(1)],
    ['cut off', async () => (await make()).slice(0, -18), KEY],
    ['cut off within a byte', async () => (await make()).slice(0, -1), BROKEN],
    ['last character with more bits', async () => (await make(claims, 'd1')).replace(/.$/, c => String.fromCharCode(c.charCodeAt(0) + 1)), BROKEN],
    ['claims with a sign that pads in the middle', () => changed(([head, , signature]) => [head, 'e=AA', signature]), BROKEN],
    ['padded', async () => `${await make(claims, 'd1')}==`, BROKEN],
    ['the other base64', async () => (await make()).replace(/\.[^.]{2}([^.]+)$/, '.+/$1'), BROKEN],
    ['JWE', encrypted, PARTS(5)],
    ['JWS as JSON', asJson, PARTS(1)],
    ['claims detached', () => changed(([head, , signature]) => [head, '', signature], 'd1'), KEY],
    ['b64 false', unencoded, BROKEN],
    ['crit', () => raw({ alg: 'RS256', kid: 'r1', crit: ['x'], x: 1 }, claims), BROKEN],
    ['crit empty', () => raw({ alg: 'RS256', kid: 'r1', crit: [] }, claims), BROKEN],
    ['crit null', () => raw({ alg: 'RS256', kid: 'r1', crit: null }, claims), BROKEN],
    ...['jwk', 'jku', 'x5u', 'x5c'].map(member => [`brings its key: ${member}`, () => bringing(member), KEY]),
    ['header no object', () => raw('"RS256"', claims), BROKEN],
    ['header with a member twice', () => raw('{"alg":"none","alg":"RS256","kid":"r1"}', claims), BROKEN],
    ['header too deep', () => raw(`{"alg":"RS256","x":${'['.repeat(100)}${']'.repeat(100)}}`, claims), BROKEN],
    ['a claim twice', () => make(JSON.stringify(claims).replace('{', '{"role":"admin",')), unreadable],
    ['a claim twice, in disguise', () => make(JSON.stringify(claims).replace('{', '{"r\\u006fle":"admin",')), unreadable],
    ['claims no object', () => make('[]'), unreadable],
    ['claims no JSON', () => make('role=admin'), unreadable],
    ['claims that go on', () => make(`${JSON.stringify(claims)}{}`), unreadable],
    ['claims too deep', () => make(nested(100)), unreadable],
    ['claims too deep behind brackets in texts', () => make(JSON.stringify({ a: ']'.repeat(200), ...claims }).replace(/}$/, `,"x":${'['.repeat(100)}${']'.repeat(100)}}`)), unreadable],
    ['claims not UTF-8', () => raw({ alg: 'RS256', kid: 'r1' }, Buffer.concat([Buffer.from(JSON.stringify(claims).slice(0, -1)), Buffer.from(',"x":"\xc0\xaf"}', 'latin1')])), unreadable],
    ['NUL in a claim', () => make(JSON.stringify(claims).replace('web_user', 'web_user\\u0000x')), unreadable],
    ['a token in a token', async () => raw({ alg: 'RS256', kid: 'r1', cty: 'JWT' }, await make()), unreadable],
];

function refused(answer, [code, message]) {
    assert.equal(answer.status, 401, answer.text);
    const error = JSON.parse(answer.text);
    assert.deepEqual([error.code, error.message], [code, message]);
    assert.equal(answer.headers['www-authenticate'], `Bearer error="invalid_token", error_description="${message}"`);
}

for (const site of ['own', 'foreign']) {
    describe(site, () => {
        for (const [name, token, where = ['own', 'foreign']] of good) {
            it(`good: ${name}`, async () => {
                const text = await token();
                for (const again of [0, 1]) {
                    const answer = await ask(site, text);
                    if (where.includes(site)) {
                        assert.equal(answer.status, 200, `${again}: ${answer.text} ${JSON.stringify(header(text))}`);
                        assert.deepEqual(JSON.parse(answer.text), [{ id: 1 }]);
                    } else {
                        assert.equal(answer.status, 401, answer.text);
                    }
                }
            });
        }
        for (const [name, token, wanted] of bad) {
            const expected = Array.isArray(wanted) ? wanted : wanted[site];
            if (expected) {
                it(`bad: ${name}`, async () => {
                    const text = await token();
                    refused(await ask(site, text), expected);
                    refused(await ask(site, text), expected);
                });
            }
        }
        it('bad: larger than a header may be', async () => {
            const answer = await ask(site, await make({ ...claims, x: 'x'.repeat(20000) }));
            assert.ok([400, 401, 431].includes(answer.status), `${answer.status}`);
        });
        it('good after all of them', async () => assert.equal((await ask(site, await make(claims, 'd1'))).status, 200));
    });
}

// What the site publishes is what it verifies with, and nothing else.
it('the published keys verify, and are all there is', async () => {
    const set = JSON.parse((await get('own', '/api/auth/.well-known/jwks.json')).text);
    assert.deepEqual(set.keys.map(key => key.kid).sort(), ['d1', 'e1', 'e2', 'e3', 'r1', 'r1']);
    assert.doesNotMatch(JSON.stringify(set), /"(d|p|q|dp|dq|qi|k)":/);
    const verified = await jose.jwtVerify(await make(claims, 'd1'), jose.createLocalJWKSet(set), { issuer: ISS, audience: AUD });
    assert.equal(verified.payload.sub, 'ada');
});
