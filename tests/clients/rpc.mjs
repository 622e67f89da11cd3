// SPDX-License-Identifier: Apache-2.0
// Functions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anonymous, api, check, database, finds, on, reads, refused, user, writes } from './site.mjs';

const get = { get: true };
const tie = on(refused(300, 'PGRST203'), refused(300, 'PGRST203', {
    message: /^Could not choose the best candidate function between: public\.rate\(value => (integer|text)\), /,
    hint: 'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
}));
const space = on('main', 'public');

reads('one value', [
    ['POST', c => c.rpc('add_them', { a: 1, b: 2 }), 3],
    ['GET', c => c.rpc('add_them', { a: 1, b: 2 }, get), 3],
    ['text', c => c.rpc('greet', { name: 'Ada & "Bob"' }), 'Hello, Ada & "Bob"!'],
    ['text by GET', c => c.rpc('greet', { name: 'Ada & "Bob" +1' }, get), 'Hello, Ada & "Bob" +1!'],
    ['defaults', c => c.rpc('greet'), 'Hello, world!'],
    ['defaults by GET', c => c.rpc('greet', { greeting: 'Bye' }, get), 'Bye, world!'],
    ['null', c => c.rpc('null_value'), null],
    ['JSON', c => c.rpc('json_value'), { a: [1, null], b: { c: 'd' } }],
    ['an array', c => c.rpc('array_value'), [3, 1, 2]],
    ['nothing', c => c.rpc('nothing'), null, { status: 204 }],
    ['an array as argument', c => c.rpc('sum_array', { numbers: [1, 2, 3] }), 6],
    ['an array as argument by GET', c => c.rpc('sum_array', { numbers: [1, 2, 3] }, get), 6],
    ['an array of texts', c => c.rpc('shout', { words: ['a', 'b c'] }), 'A B C'],
    ['JSON as argument', c => c.rpc('member_of', { data: { x: { y: 1 } }, name: 'x' }), { y: 1 }],
    ['any number of arguments', c => c.rpc('sum_all', { numbers: [4, 5, 6] }), 15],
    ['the whole body', c => c.rpc('mult_them', { x: 4, y: 2 }), 8],
    ['the whole body, back', c => c.rpc('echo_json', { a: [1, 'ü'] }), { a: [1, 'ü'] }],
    ['chosen by names: one', c => c.rpc('area', { radius: 2 }), 12],
    ['chosen by names: two', c => c.rpc('area', { width: 2, height: 3 }), 6],
    ['chosen by names, by GET', c => c.rpc('area', { width: 2, height: 3 }, get), 6],
    ['not to be told apart', c => c.rpc('rate', { value: 1 }), tie],
    ['who asks', c => c.rpc('who_am_i'), { role: 'web_anon', sub: null }],
    ['of whom one is told', c => c.rpc('get_setting', { name: 'request.method' }), 'POST'],
    ['of whom one is told, by GET', c => c.rpc('get_setting', { name: 'request.path' }, get), '/rpc/get_setting'],
    ['HEAD', c => c.rpc('add_them', { a: 1, b: 2 }, { head: true }), null, { status: 200 }],
    ['one row', c => c.rpc('film_by_id', { film_id: 9 }).select('id, title'), { id: 9, title: 'Metropolis' }],
    ...on([], [
        ['several results', c => c.rpc('divide', { a: 7, b: 2 }), { quotient: 3, remainder: 1 }],
        ['an argument that is the result', c => c.rpc('bump', { n: 1 }), { n: 2 }],
    ]),
]);

reads('sets', [
    ['of values', c => c.rpc('count_up', { n: 3 }), [1, 2, 3]],
    ['of values, none', c => c.rpc('count_up', { n: 0 }), []],
    ['a table', c => c.rpc('best_films', { n: 2 }), [{ title: 'Pulp Fiction', rating: 8.9 }, { title: 'Spirited Away', rating: 8.6 }]],
    ['a table, by GET, with defaults', c => c.rpc('best_films', {}, get).select('title'),
        [{ title: 'Pulp Fiction' }, { title: 'Spirited Away' }, { title: 'Seven Samurai' }]],
    ['a table, filtered and ordered', c => c.rpc('best_films', { n: 4 }).lt('rating', 8.9).order('title').select('title'),
        [{ title: 'Seven Samurai' }, { title: 'Spirited Away' }, { title: 'The Shining' }]],
    ['columns of rows', c => c.rpc('films_by_language', { lang: 'de' }).select('id, title'), [{ id: 9, title: 'Metropolis' }]],
    ['one of them', c => c.rpc('films_by_language', { lang: 'de' }).select('id').single(), { id: 9 }],
    ['one of them, that are many', c => c.rpc('films_by_language', { lang: 'ja' }).select('id').single(),
        refused(406, 'PGRST116', { details: 'The result contains 3 rows' })],
    ['ordered and limited', c => c.rpc('all_films').select('id').order('year', { ascending: false, nullsFirst: false })
        .order('id').range(1, 3), [{ id: 7 }, { id: 5 }, { id: 6 }]],
    ['counted', c => c.rpc('all_films', {}, { count: 'exact' }).select('id').eq('language', 'ja').order('id').limit(1),
        [{ id: 5 }], { count: 3, status: 206 }],
    ['only counted', c => c.rpc('films_by_language', { lang: 'en' }, { head: true, count: 'exact' }), null, { count: 5 }],
    ['CSV', c => c.rpc('films_by_language', { lang: 'de' }).select('id, title').csv(), 'id,title\n9,Metropolis'],
    ['with embedded rows', c => c.rpc('films_by_language', { lang: 'ja' }).select('id, directors(last_name), actors(last_name)')
        .order('id').limit(1), [{ id: 5, directors: { last_name: 'Miyazaki' }, actors: [{ last_name: 'Hiiragi' }] }]],
    ['with computed fields', c => c.rpc('films_by_language', { lang: 'de' }).select('full_title'), [{ full_title: 'Metropolis (1927)' }]],
]);

finds('sets, filtered', [
    ['eq', c => c.rpc('all_films').eq('language', 'de'), [9]],
    ['by GET', c => c.rpc('films_by_language', { lang: 'en' }, get).gt('year', 2000), [4, 7]],
    ['by what is not selected', c => c.rpc('films_by_language', { lang: 'en' }).select('id').like('title', '%i%').lt('year', 2000), [1, 3]],
    ['or', c => c.rpc('all_films', {}, get).or('id.eq.1,language.eq.de'), [1, 9]],
    ['inner', c => c.rpc('all_films').select('id, directors!inner(id)').eq('directors.last_name', 'Coppola'), [7]],
]);

reads('what is wrong', [
    ['an unknown name', c => c.rpc('add_then', { a: 1, b: 2 }), refused(404, 'PGRST202', {
        message: `Could not find the function ${space}.add_then(a, b) in the schema cache`,
        hint: `Perhaps you meant to call the function ${space}.add_them`,
    })],
    ['other arguments', c => c.rpc('add_them', { a: 1, c: 2 }), refused(404, 'PGRST202', {
        message: `Could not find the function ${space}.add_them(a, c) in the schema cache`,
        hint: `Perhaps you meant to call the function ${space}.add_them(a, b)`,
    })],
    ['none of its arguments', c => c.rpc('add_them'), refused(404, 'PGRST202',
        { message: `Could not find the function ${space}.add_them without parameters in the schema cache` })],
    ['an argument of another type', c => c.rpc('add_them', { a: 'x', b: 2 }), refused(400, '22P02')],
    ['a function for others', c => c.rpc('only_users'), refused(401, '42501', { message: 'permission denied for function only_users' })],
    ['a column that its rows have not', c => c.rpc('all_films').eq('nosuch', 1), refused(400, '42703')],
    ['more rows than wanted', c => c.rpc('films_by_language', { lang: 'en' }).maxAffected(2), refused(400, 'PGRST124')],
    ['a limit for what is no set', c => c.rpc('add_them', { a: 1, b: 2 }).maxAffected(2), refused(400, 'PGRST128')],
    ['a status of its own', c => c.rpc('teapot'), refused(418, undefined,
        { message: 'The requested entity body is short and stout.' })],
    ...on([], [
        ['plainly', c => c.rpc('raise_plain'), refused(400, 'P0001',
            { message: 'I refuse!', details: 'Pretty simple', hint: 'There is nothing you can do.' })],
        ['with a status', c => c.rpc('raise_payment'), refused(402, 'PT402',
            { message: 'Payment Required', details: 'Quota exceeded', hint: 'Upgrade your plan' })],
        ['with all of an answer', c => c.rpc('raise_json'), refused(402, '123',
            { message: 'Payment Required', details: 'Quota exceeded', hint: 'Upgrade your plan' })],
    ]),
]);

describe('functions that write', () => {
    writes('by POST', 'directors', async c => {
        check(await c.rpc('add_director', { first_name: 'Fritz', last_name: 'Lang' }).select('id, last_name'),
            [{ id: 7, last_name: 'Lang' }]);
        check(await c.from('directors').select('first_name').eq('id', 7), [{ first_name: 'Fritz' }]);
    });
    writes('by POST, without a result', 'employees', async c => {
        check(await c.rpc('raise_salaries', { percent: 100 }), null, { status: 204 });
        check(await c.from('employees').select('salary').eq('id', 1), [{ salary: 18000 }]);
    });
    writes('not by GET', 'directors', async c => {
        check(await c.rpc('add_director', { first_name: 'Fritz', last_name: 'Lang' }, get), refused(405, '25006'));
        check(await anonymous.from('directors').select('*', { count: 'exact', head: true }), null, { count: 6 });
    });
    writes('and refuse', 'alarms', async c =>
        check(await c.rpc('refuse', { kind: 'payment' }), refused(402, 'PT402', { message: 'Payment Required' })));
});

// Bytes and line ends as they are, which a table of cases cannot show.
if (database === 'pgsql') {
    const get = async (path, accept) => {
        const answer = await fetch(`${api}/rpc/${path}`, { headers: { Accept: accept } });
        return Buffer.from(await answer.arrayBuffer());
    };
    describe('media types', () => {
        it('bytes', async () =>
            assert.deepEqual(await get('pixel', 'image/png'), Buffer.from('89504e470d0a1a0a00', 'hex')));
        it('made of all rows', async () => assert.equal(String(await get('all_films?id=lt.3', 'application/x-titles')),
            'The Shining\n2001: A Space Odyssey\n'));
        it('made of any rows', async () => assert.equal(String(await get('best_films?n=1', 'text/tab-separated-values')),
            'Pulp Fiction\t8.9\n'));
        it('made of no rows', async () =>
            assert.equal(String(await get('all_films?id=eq.0', 'application/x-titles')), ''));
    });
}

reads('with a token', [
    ['who asks', c => c.rpc('who_am_i'), { role: 'web_user', sub: 'ada' }],
    ['a function for users', c => c.rpc('only_users'), 'welcome'],
    ['a claim', c => c.rpc('auth_claim', { name: 'sub' }), on(refused(404, 'PGRST202'), 'ada')],
], user);
