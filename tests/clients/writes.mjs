// SPDX-License-Identifier: Apache-2.0
// Insert, upsert, update and delete.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { anonymous, check, on, reads, refused, user, writes } from './site.mjs';

const is = (answer, expected, more) => check(answer, expected, more);
const all = table => anonymous.from(table).select();
const created = { status: 201 };

describe('insert', () => {
    writes('says nothing', 'articles', async c => {
        is(await c.from('articles').insert({ title: 'Fourth' }), null, created);
        is(await all('articles').eq('title', 'Fourth'),
            [{ id: 4, title: 'Fourth', body: '(none)', status: 'draft', priority: 3, created: '2020-01-01' }]);
    });
    writes('says what it made', 'articles', async c =>
        is(await c.from('articles').insert({ title: 'Fourth', priority: null, body: '' }).select(),
            [{ id: 4, title: 'Fourth', body: '', status: 'draft', priority: null, created: '2020-01-01' }], created));
    writes('says some of it, as one object', 'articles', async c =>
        is(await c.from('articles').insert({ title: 'Fourth' }).select('name:title, id::text').single(),
            { name: 'Fourth', id: '4' }, created));
    writes('many rows', 'articles', async c => {
        is(await c.from('articles').insert([{ title: 'a' }, { title: 'b' }, { title: 'c' }], { count: 'exact' }), null,
            { ...created, count: 3 });
        is(await all('articles').gt('id', 3).order('id').select('id, title'),
            [{ id: 4, title: 'a' }, { id: 5, title: 'b' }, { id: 6, title: 'c' }]);
    });
    writes('rows with different keys: what is missing is null', 'articles', async c =>
        is(await c.from('articles').insert([{ title: 'a', body: 'x' }, { title: 'b', priority: 1 }])
            .select('title, body, priority, status').order('title'),
            [{ title: 'a', body: 'x', priority: null, status: 'draft' }, { title: 'b', body: null, priority: 1, status: 'draft' }], created));
    writes('rows with different keys: what is missing has its default', 'articles', async c =>
        is(await c.from('articles').insert([{ title: 'a', body: 'x' }, { title: 'b', id: 20, priority: 1 }], { defaultToNull: false })
            .select('id, title, body, priority').order('title'),
            [{ id: 4, title: 'a', body: 'x', priority: 3 }, { id: 20, title: 'b', body: '(none)', priority: 1 }], created));
    writes('an empty list', 'articles', async c => {
        is(await c.from('articles').insert([]).select(), [], created);
        is(await c.from('articles').select('*', { count: 'exact', head: true }), null, { count: 3 });
    });
    writes('all is written or nothing', 'articles', async c => {
        is(await c.from('articles').insert([{ title: 'a' }, { title: null }]), refused(400, '23502',
            { message: 'null value in column "title" of relation "articles" violates not-null constraint' }));
        is(await c.from('articles').select('*', { count: 'exact', head: true }), null, { count: 3 });
    });
    writes('as CSV', 'stock', async c =>
        is(await c.from('stock').insert([{ warehouse: 'east', product: 'reel', note: 'a b' }]).select('product, quantity, note').csv(),
            'product,quantity,note\nreel,0,"a b"', created));
    writes('maybe one', 'stock', async c =>
        is(await c.from('stock').insert({ warehouse: 'east', product: 'reel' }).select('product').maybeSingle(),
            { product: 'reel' }, created));
    writes('many, that must be one', 'stock', async c => {
        is(await c.from('stock').insert([{ warehouse: 'east', product: 'a' }, { warehouse: 'east', product: 'b' }]).select().single(),
            refused(406, 'PGRST116', { details: 'The result contains 2 rows' }));
        is(await c.from('stock').select().eq('warehouse', 'east'), []);
    });
    writes('rolled back', 'stock', async c => {
        is(await c.from('stock').insert({ warehouse: 'east', product: 'reel' }).select('product').rollback(),
            [{ product: 'reel' }], created);
        is(await c.from('stock').select().eq('warehouse', 'east'), []);
    });
    writes('values of all types', 'films', async c => {
        const film = {
            title: 'Späße — 漢字 😀 "\\', year: 2020, rating: 7.25, language: null, director_id: 6, tags: ['a', 'b,c', '"d"', ''],
            info: { a: [1, 2.5, null, { b: 'c' }] }, released: '2020-02-29', seen_at: '2021-06-01T14:30:00+02:00',
            box_office: 1234567890123,
        };
        is(await c.from('films').insert(film).select().single(),
            { id: 11, ...film, seen_at: '2021-06-01T12:30:00+00:00' }, created);
    });
    writes('a generated column', 'products', async c =>
        is(await c.from('products').insert({ name: 'Lamp', price: 2.5, quantity: 4, sizes: [1, 2] }).select('total, sizes'),
            [{ total: 10, sizes: [1, 2] }], created));
    writes('embedded rows in the answer', 'films', async c =>
        is(await c.from('films').insert({ title: 'Vagabond', director_id: 6 }).select('title, directors(last_name)'),
            [{ title: 'Vagabond', directors: { last_name: 'Varda' } }], created));
    writes('a table without a key', 'visits', async c =>
        is(await c.from('visits').insert({ page: '/', at: '2026-05-05T01:02:03' }).select(),
            [{ page: '/', at: '2026-05-05T01:02:03', seconds: null }], created));
    writes('a table with letters beyond ASCII', 'stock', async c =>
        is(await c.from('stock').insert([{ warehouse: 'Köln', product: 'Öl', quantity: 1 }]).select('warehouse, product'),
            [{ warehouse: 'Köln', product: 'Öl' }], created));
    writes('a view', 'films', async c => {
        is(await c.from('english_films').insert({ id: 50, title: 'View', language: 'en' }), null, created);
        is(await c.from('films').select('id, title').eq('id', 50), [{ id: 50, title: 'View' }]);
    });
    writes('a view with triggers', 'films', async c => {
        is(await c.from('film_titles').insert({ id: 51, title: 'Trigger' }), null, created);
        is(await c.from('film_titles').select().eq('id', 51), [{ id: 51, title: 'Trigger', director: null }]);
    });
});

describe('upsert', () => {
    const note = client => client.from('stock').select('quantity, note').eq('product', 'reel').order('warehouse');

    writes('inserts', 'stock', async c =>
        is(await c.from('stock').upsert({ warehouse: 'east', product: 'reel', quantity: 5 }).select(),
            [{ warehouse: 'east', product: 'reel', quantity: 5, note: null }], created));
    writes('updates what is given', 'stock', async c => {
        is(await c.from('stock').upsert({ warehouse: 'north', product: 'reel', quantity: 11 }), null, { status: 200 });
        is(await note(c), [{ quantity: 11, note: null }, { quantity: 0, note: null }]);
    });
    writes('many rows, some new', 'stock', async c => {
        is(await c.from('stock').upsert([{ warehouse: 'north', product: 'lamp', quantity: 3 },
            { warehouse: 'north', product: 'cable', quantity: 4 }], { count: 'exact' }).select('product, quantity, note').order('product'),
            [{ product: 'cable', quantity: 4, note: null }, { product: 'lamp', quantity: 3, note: 'order more' }],
            { ...created, count: 2 });
    });
    writes('ignores duplicates', 'stock', async c => {
        is(await c.from('stock').upsert([{ warehouse: 'north', product: 'reel', quantity: 99 },
            { warehouse: 'north', product: 'cable', quantity: 4 }], { ignoreDuplicates: true }).select('product'),
            [{ product: 'cable' }], created);
        is(await note(c), [{ quantity: 10, note: null }, { quantity: 0, note: null }]);
    });
    writes('on another unique column', 'accounts', async c => {
        is(await c.from('accounts').upsert({ email: 'bob@example.org', name: 'Robert' }, { onConflict: 'email' }).select(),
            [{ id: 2, email: 'bob@example.org', name: 'Robert', country: 'DE' }], { status: 200 });
    });
    writes('on another unique column, ignored', 'accounts', async c => {
        is(await c.from('accounts').upsert({ email: 'bob@example.org', name: 'Robert' },
            { onConflict: 'email', ignoreDuplicates: true }).select(), [], created);
        is(await c.from('accounts').select('name').eq('id', 2), [{ name: 'Bob' }]);
    });
    writes('with defaults', 'articles', async c =>
        is(await c.from('articles').upsert([{ title: 'new', body: 'b' }, { id: 2, title: 'old', body: 'c' }], { defaultToNull: false })
            .select('id, title, body, status').order('id'), [
            { id: 2, title: 'old', body: 'c', status: 'draft' }, { id: 4, title: 'new', body: 'b', status: 'draft' }], created));
    writes('on what is not unique', 'accounts', async c =>
        is(await c.from('accounts').upsert({ email: 'x@example.org' }, { onConflict: 'name' }), refused(400, '42P10')));
    writes('the same row twice', 'stock', async c =>
        is(await c.from('stock').upsert([{ warehouse: 'north', product: 'reel', quantity: 1 },
            { warehouse: 'north', product: 'reel', quantity: 2 }]), refused(500, '21000')));
});

describe('update', () => {
    writes('says nothing', 'films', async c => {
        is(await c.from('films').update({ year: 2004, tags: ['x'] }).eq('id', 4), null, { status: 204 });
        is(await all('films').eq('id', 4).select('year, tags'), [{ year: 2004, tags: ['x'] }]);
    });
    writes('says what it changed', 'films', async c =>
        is(await c.from('films').update({ language: 'xx' }).lt('year', 1960).select('id, language').order('id', { ascending: false }),
            [{ id: 9, language: 'xx' }, { id: 8, language: 'xx' }], { status: 200 }));
    writes('with embedded rows', 'films', async c =>
        is(await c.from('films').update({ year: 1 }).eq('id', 8).select('id, directors(last_name), actors(last_name)').single(),
            { id: 8, directors: { last_name: 'Kurosawa' }, actors: [{ last_name: 'Mifune' }] }));
    writes('counts', 'films', async c =>
        is(await c.from('films').update({ language: null }, { count: 'exact' }).eq('language', 'en'), null, { count: 5 }));
    writes('none', 'films', async c => {
        is(await c.from('films').update({ year: 1 }).eq('id', 99), null, { status: 204 });
        is(await c.from('films').update({ year: 1 }).eq('id', 99).select(), [], { status: 200 });
    });
    writes('nothing', 'films', async c =>
        is(await c.from('films').update({}).eq('id', 1).select('id'), on([], []), { status: 200 }));
    writes('one, that must be one', 'films', async c => {
        is(await c.from('films').update({ year: 1 }).eq('language', 'en').select('id').single(), refused(406, 'PGRST116',
            { details: 'The result contains 5 rows' }));
        is(await c.from('films').select('*', { count: 'exact', head: true }).eq('year', 1), null, { count: 0 });
    });
    writes('at most so many', 'films', async c => {
        is(await c.from('films').update({ year: 1 }).eq('language', 'en').maxAffected(4), refused(400, 'PGRST124', {
            message: 'Query result exceeds max-affected preference constraint', details: 'The query affects 5 rows',
        }));
        is(await c.from('films').update({ year: 1 }).eq('language', 'ja').maxAffected(3), null, { status: 204 });
    });
    writes('by a tree and a JSON path', 'films', async c =>
        is(await c.from('films').update({ info: { a: 1 } }).or('id.eq.9,info->>minutes.eq.111').select('id, info').order('id'),
            [{ id: 4, info: { a: 1 } }, { id: 9, info: { a: 1 } }]));
    writes('the key', 'accounts', async c =>
        is(await c.from('accounts').update({ id: 30 }).eq('email', 'cleo@example.org').select('id, name'),
            [{ id: 30, name: 'Cleo' }]));
    writes('a view', 'films', async c => {
        is(await c.from('english_films').update({ title: 'Other' }).in('id', [1, 5]), null, { status: 204 });
        is(await c.from('films').select('id').eq('title', 'Other'), [{ id: 1 }]);
    });
    writes('only columns that are granted', 'people', async c => {
        is(await c.from('people').update({ name: 'Bert' }).eq('id', 2).select('name'), [{ name: 'Bert' }]);
        is(await c.from('people').update({ email: 'x' }).eq('id', 2), refused(403, '42501'));
    });
});

describe('delete', () => {
    writes('says nothing', 'nominations', async c => {
        is(await c.from('nominations').delete().eq('film_id', 3), null, { status: 204 });
        is(await c.from('nominations').select('film_id').order('film_id'), [{ film_id: 5 }, { film_id: 7 }, { film_id: 8 }]);
    });
    writes('says what it deleted', 'stock', async c =>
        is(await c.from('stock').delete().eq('warehouse', 'north').select('product, note').order('product'),
            [{ product: 'lamp', note: 'order more' }, { product: 'reel', note: null }], { status: 200 }));
    writes('with embedded rows', 'roles', async c =>
        is(await c.from('roles').delete().eq('film_id', 8).select('character, films(title)').single(),
            { character: 'Kikuchiyo', films: { title: 'Seven Samurai' } }));
    writes('counts', 'visits', async c =>
        is(await c.from('visits').delete({ count: 'exact' }).eq('page', '/films'), null, { count: 2 }));
    writes('one, that must be one', 'stock', async c => {
        is(await c.from('stock').delete().eq('warehouse', 'north').select().single(), refused(406, 'PGRST116'));
        is(await c.from('stock').select('*', { count: 'exact', head: true }), null, { count: 4 });
    });
    writes('maybe one', 'stock', async c =>
        is(await c.from('stock').delete().eq('warehouse', 'west').select().maybeSingle(), null));
    writes('all', 'visits', async c => {
        is(await c.from('visits').delete(), null, { status: 204 });
        is(await all('visits'), []);
    });
    writes('a view', 'films', async c => {
        is(await c.from('film_titles').delete().eq('id', 10), null, { status: 204 });
        is(await c.from('films').select('id').eq('id', 10), []);
    });
});

reads('what is refused', [
    ['a duplicate key', c => c.from('accounts').insert({ id: 1, email: 'new@example.org' }), refused(409, '23505',
        { message: on(/^duplicate key value violates unique constraint/, /^duplicate key value violates unique constraint "accounts_pkey"$/) })],
    ['a duplicate of a unique column', c => c.from('accounts').insert({ email: 'ada@example.org' }), refused(409, '23505',
        { message: 'duplicate key value violates unique constraint "accounts_email_key"' })],
    ['a row that others need', c => c.from('directors').delete().eq('id', 1), refused(409, '23503')],
    ['a row that refers to none', c => c.from('films').insert({ title: 'x', director_id: 99 }), refused(409, '23503')],
    ['a value that is checked', c => c.from('products').insert({ name: 'x', price: -1 }), refused(400, '23514',
        { message: /products_price_check/ })],
    ['a value of another type', c => c.from('films').insert({ title: 'x', year: 'soon' }), refused(400, '22P02')],
    ['an unknown column', c => c.from('films').insert({ title: 'x', nosuch: 1 }), refused(400, 'PGRST204',
        { message: "Could not find the 'nosuch' column of 'films' in the schema cache" })],
    ['an unknown column in a list', c => c.from('films').insert([{ title: 'x', nosuch: 1 }]), refused(400, 'PGRST204')],
    ['an unknown column in an update', c => c.from('films').update({ nosuch: 1 }).eq('id', 1), refused(400, 'PGRST204')],
    ['an unknown table', c => c.from('nosuch').insert({ a: 1 }), refused(404, 'PGRST205')],
    ['a table that one may not write', c => c.from('packages').insert({ id: 11 }), refused(403, '42501',
        { message: on(/^permission denied for table packages$/, 'permission denied for table packages') })],
    ['a row of somebody else', c => c.from('notes').insert({ owner: 'bob', text: 'x' }), refused(403, '42501',
        { message: 'new row violates row-level security policy for table "notes"' })],
    ['plainly', c => c.from('alarms').insert({ kind: 'plain' }), refused(400, 'P0001', { message: 'I refuse!' })],
    ['with a status', c => c.from('alarms').insert({ kind: 'payment' }), refused(402, 'PT402', { message: 'Payment Required' })],
    ['with all of an answer', c => c.from('alarms').insert({ kind: 'json' }), refused(402, '123',
        { message: 'Payment Required', details: 'Quota exceeded', hint: 'Upgrade your plan' })],
], user);

reads('what is refused without a token', [
    ['insert', c => c.from('films').insert({ title: 'x' }), refused(401, '42501', { message: 'permission denied for table films' })],
    ['update', c => c.from('films').update({ title: 'x' }).eq('id', 1), refused(401, '42501')],
    ['delete', c => c.from('films').delete().eq('id', 1), refused(401, '42501')],
]);

describe('rows of one owner', () => {
    writes('are the only ones there', 'notes', async c => {
        is(await c.from('notes').update({ text: 'mine' }).gt('id', 0).select('id').order('id'), [{ id: 1 }, { id: 3 }]);
        is(await c.from('notes').delete({ count: 'exact' }).in('id', [1, 2]), null, { count: 1 });
        is(await c.from('notes').select('id, text'), [{ id: 3, text: 'mine' }]);
    });
    writes('stay so', 'notes', async c => {
        is(await c.from('notes').update({ owner: 'bob' }).eq('id', 1), refused(403, '42501'));
        assert.equal((await c.from('notes').select('owner').eq('id', 1).single()).data.owner, 'ada');
    });
});
