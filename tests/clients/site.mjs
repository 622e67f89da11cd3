// SPDX-License-Identifier: Apache-2.0
// What all files of cases share: the clients, and tables of cases. tests/lib/clients.py starts the server and
// says where it is; tests/data holds the rows.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';

export const api = process.env.APP_TEST_API;
export const database = process.env.APP_TEST_DATABASE;
export const authorization = `Bearer ${process.env.APP_TEST_TOKEN}`;
// A request that the client repeats could hide a server that broke off the first one.
export const anonymous = new PostgrestClient(api, { retry: false });
export const user = new PostgrestClient(api, { retry: false, headers: { Authorization: authorization } });

// What is expected differs: on(what SQLite gives, what PostgreSQL gives).
export const on = (sqlite, pgsql) => (database === 'sqlite' ? sqlite : pgsql);

class Refusal {
    constructor(status, code, more) {
        Object.assign(this, { status, code, more });
    }
}

// An answer with this status and code, and with these of message, details and hint, which may be patterns.
export const refused = (status, code, more = {}) => new Refusal(status, code, more);

// What SQLite has not, says 501; details as in the specification.
export const notOnSqlite = (pgsql, details) =>
    on(refused(501, 'PGRST127', { message: 'Feature not implemented', ...(details && { details }) }), pgsql);

export function matches(found, wanted, what) {
    if (wanted instanceof RegExp) {
        assert.match(String(found), wanted, what);
    } else if (typeof wanted === 'function') {
        assert.ok(wanted(found), `${what}: ${JSON.stringify(found)}`);
    } else {
        assert.deepEqual(found, wanted, what);
    }
}

function checkRefusal(answer, wanted) {
    assert.ok(answer.error, `should be refused, but gave ${JSON.stringify(answer.data)}`);
    assert.deepEqual([answer.status, answer.error.code], [wanted.status, wanted.code], JSON.stringify(answer.error));
    for (const [name, value] of Object.entries(wanted.more)) {
        matches(answer.error[name], value, name);
    }
}

// expected: the data, a function that judges it, or a refusal; more: status, count.
export function check(answer, expected, more = {}) {
    if (expected instanceof Refusal) {
        checkRefusal(answer, expected);
        return;
    }
    assert.equal(answer.error, null, JSON.stringify(answer.error));
    matches(answer.data, expected, 'data');
    for (const [name, value] of Object.entries(more)) {
        matches(answer[name], value, name);
    }
}

// Cases that only read: [name, query of the client, expected, more].
export function reads(title, cases, client = anonymous) {
    describe(title, () => {
        for (const [name, query, expected, more] of cases) {
            it(name, async () => check(await query(client), expected, more));
        }
    });
}

// As reads, where the answer is rows with an id and only these are looked at.
export function finds(title, cases) {
    const ids = wanted => (Array.isArray(wanted) ? rows => same(rows.map(row => row.id), wanted) : wanted);
    reads(title, cases.map(([name, query, wanted, more]) => [name, query, ids(wanted), more]));
}

const same = (found, wanted) => {
    assert.deepEqual(found.slice().sort((a, b) => a - b), wanted, 'ids');
    return true;
};

// Puts tables back as they were before any case.
export async function restore(tables) {
    const answer = await fetch(process.env.APP_TEST_RESTORE, { method: 'POST', body: tables });
    assert.ok(answer.ok, `tables are not restored: ${await answer.text()}`);
}

// A case that writes to tables (names, divided by blanks).
export function writes(name, tables, call) {
    it(name, async () => {
        try {
            await call(user);
        } finally {
            await restore(tables);
        }
    });
}
