// SPDX-License-Identifier: Apache-2.0
// An OpenID provider for tests/httpd/openid.py, over plain http on 127.0.0.1. Whatever login it is told is somebody's, and
// pages of its own ask for login and consent.
//
//     node provider.mjs PORT CLIENT SECRET REDIRECT_URI
import Provider from 'oidc-provider';

const [port, client, secret, redirect] = process.argv.slice(2);
const staff = ['ada', 'bob'];

async function findAccount(_context, id) {
    const claims = () => ({
        sub: id, email: `${id}@example.org`, email_verified: true, name: `${id} of the tests`,
        groups: staff.includes(id) ? ['all', 'staff'] : ['all'],
    });
    return { accountId: id, claims };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
        client_id: client, client_secret: secret, redirect_uris: [redirect],
        grant_types: ['authorization_code'], response_types: ['code'],
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the tests'] },
    findAccount,
    pkce: { required: () => true },
});
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
