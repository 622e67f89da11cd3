// SPDX-License-Identifier: Apache-2.0
// Makes the keys of tokens.mjs, and what the server knows of them: node keys.mjs FOLDER. tests/lib/clients.py runs it before the server.
//   private.json   JWK by kid, for the cases
//   own.json       JwtSecret of one site: all public keys, and one of HS256; private, to be signed with: none
//   issuer.json    keys of the foreign issuer of the other site: the public ones
import { writeFileSync } from 'node:fs';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';

const folder = process.argv[2];
const wanted = [
    ['r1', 'RS256', {}], ['r2', 'RS256', {}], ['e1', 'ES256', {}], ['e2', 'ES384', {}], ['e3', 'ES512', {}],
    ['d1', 'EdDSA', { crv: 'Ed25519' }], ['k1', 'ES256', {}, 'enc'], ['stranger', 'RS256', {}],
];
const keys = {};
for (const [kid, alg, options, use = 'sig'] of wanted) {
    const pair = await generateKeyPair(alg, { ...options, extractable: true });
    keys[kid] = { private: { ...await exportJWK(pair.privateKey), kid, use }, public: { ...await exportJWK(pair.publicKey), kid, use } };
    keys[kid].pem = keys[kid].public.kty === 'OKP' ? undefined : await exportSPKI(pair.publicKey);
}
// A set may hold two keys of one name, while they are changed.
keys.r2.public.kid = keys.r2.private.kid = 'r1';
keys.o1 = { private: { kty: 'oct', kid: 'o1', alg: 'HS256', k: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url') } };

const published = Object.entries(keys).filter(([kid]) => !['stranger', 'o1'].includes(kid)).map(([, key]) => key.public);
const write = (name, value) => writeFileSync(`${folder}/${name}`, JSON.stringify(value), { mode: 0o600 });
write('private.json', keys);
write('own.json', { keys: [...published, keys.o1.private] });
write('issuer.json', { keys: published });
