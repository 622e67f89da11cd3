// SPDX-License-Identifier: Apache-2.0
// The data provider for react-admin, over the HTTP client that react-admin gives it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import postgrest from '@raphiniert/ra-data-postgrest';
import { fetchUtils } from 'ra-core';
import { api, authorization, matches, on, restore } from './site.mjs';

const provider = (schema = '') => postgrest.default({
    apiUrl: api,
    httpClient: (url, { headers, ...options }) => {
        headers.set('Authorization', authorization);
        return fetchUtils.fetchJson(url, { ...options, headers });
    },
    defaultListOp: 'eq',
    primaryKeys: new Map([
        ['stock', ['warehouse', 'product']],
        ['nominations', ['competition_id', 'film_id']],
        ['technical_specs', ['film_id']],
        ['rpc/films_by_language', ['lang']],
    ]),
    schema: () => schema,
});

const page = (number, size) => ({ page: number, perPage: size });
const by = (field, order = 'ASC') => ({ field, order });
const ids = answer => answer.data.map(row => row.id);
const stock = (warehouse, product) => JSON.stringify([warehouse, product]);

// [name, call of the provider, what is expected of its answer, tables that it writes]
function cases(title, list) {
    describe(title, () => {
        for (const [name, call, expected, tables] of list) {
            it(name, async () => {
                try {
                    matches(await call(provider()), expected, 'answer');
                } finally {
                    if (tables) {
                        await restore(tables);
                    }
                }
            });
        }
    });
}

// A list of films, of which only ids and total are looked at.
const list = (filter, more = {}) => p => p.getList('films', {
    pagination: page(1, 20), sort: by('id'), filter, ...more,
}).then(answer => [ids(answer), answer.total]);

cases('getList', [
    ['a page and the total', list({}, { pagination: page(2, 3) }), [[4, 5, 6], 10]],
    ['the last page', list({}, { pagination: page(4, 3) }), [[10], 10]],
    ['sorted', list({ 'year@lt': 1990 }, { sort: by('year', 'DESC'), pagination: page(1, 2) }), [[1, 2], 4]],
    ['sorted, nulls first', list({}, { sort: by('year', 'DESC'), pagination: page(1, 1) }), [[10], 10]],
    ['sorted, nulls last', list({ language: 'en' }, { sort: by('rating', 'DESC'), meta: { nullslast: true }, pagination: page(1, 2) }),
        [[3, 1], 5]],
    ['a filter', list({ language: 'ja' }), [[5, 6, 8], 3]],
    ['gt', list({ 'year@gt': 2001 }), [[4, 7], 2]],
    ['ilike', list({ 'title@ilike': 'SPACE' }), [[2], 1]],
    ['like', list({ 'title@like': 'Kill' }), [[4], 1]],
    ['in', list({ 'id@in': '(1,3)' }), [[1, 3], 2]],
    ['is', list({ 'director_id@is': 'null' }), [[9, 10], 2]],
    ['not', list({ 'language@not.eq': 'en' }), [[5, 6, 8, 9], 4]],
    ['contains', list({ 'tags@cs': '{hotel}' }), [[1, 7], 2]],
    ['of a JSON member', list({ 'info->>minutes': '111' }), [[4], 1]],
    ['two filters', list({ language: 'en', 'year@lt': 1990 }), [[1, 2], 2]],
    ['or', list({ '@or': { 'year@lt': 1930, 'rating@gt': 8.8 } }), [[3, 9], 2]],
    ['none', list({ id: 99 }), [[], 0]],
    ['of an embedded row', list({ 'directors.last_name': 'Kubrick' }, { meta: { columns: ['id', 'directors!inner(last_name)'] } }),
        [[1, 2], 2]],
    ['some columns', p => p.getList('films', {
        pagination: page(1, 1), sort: by('id'), filter: {}, meta: { columns: ['id', 'title'] },
    }), { data: [{ id: 1, title: 'The Shining' }], total: 10, meta: undefined }],
    ['embedded rows', p => p.getList('films', {
        pagination: page(1, 1), sort: by('id'), filter: {}, meta: { columns: ['id'], embed: ['directors', 'technical_specs'] },
    }), { data: [{
        id: 1, directors: { id: 1, first_name: 'Stanley', last_name: 'Kubrick' },
        technical_specs: { film_id: 1, runtime: 146, camera: 'Arriflex 35 BL', sound: 'Mono' },
    }], total: 10, meta: undefined }],
    ['prefetched rows', p => p.getList('films', {
        pagination: page(1, 2), sort: by('id'), filter: {}, meta: { columns: ['id'], prefetch: ['directors'] },
    }), {
        data: [{ id: 1 }, { id: 2 }], total: 10,
        meta: { prefetched: { directors: [{ id: 1, first_name: 'Stanley', last_name: 'Kubrick' }] } },
    }],
    ['a key of two columns, sorted by it', p => p.getList('stock', {
        pagination: page(1, 2), sort: by('id'), filter: {}, meta: { columns: 'warehouse,product' },
    }), {
        data: [{ warehouse: 'north', product: 'lamp', id: stock('north', 'lamp') },
            { warehouse: 'north', product: 'reel', id: stock('north', 'reel') }],
        total: 4, meta: undefined,
    }],
    ['a function', p => p.getList('rpc/films_by_language', {
        pagination: page(1, 2), sort: by('title'), filter: { 'lang@': 'ja' }, meta: { columns: ['title'] },
    }).then(answer => [answer.data.map(row => row.title), answer.total]), [['Princess Mononoke', 'Seven Samurai'], 3]],
]);

cases('getOne, getMany, getManyReference', [
    ['one', p => p.getOne('directors', { id: 4 }), { data: { id: 4, first_name: 'Sofia', last_name: 'Coppola' }, meta: undefined }],
    ['one, of a key with another name', p => p.getOne('technical_specs', { id: 8, meta: { columns: 'film_id,runtime' } }),
        { data: { film_id: 8, runtime: 207, id: 8 }, meta: undefined }],
    ['one, of two columns', p => p.getOne('stock', { id: stock('south', 'lens') }), {
        data: { warehouse: 'south', product: 'lens', quantity: 7, note: 'fragile, "glass"', id: stock('south', 'lens') },
        meta: undefined,
    }],
    ['many', p => p.getMany('films', { ids: [1, 9] }).then(answer => ids(answer).sort()), [1, 9]],
    ['many, one', p => p.getMany('films', { ids: [9] }).then(ids), [9]],
    ['many, of two columns', p => p.getMany('stock', { ids: [stock('north', 'lamp'), stock('south', 'reel')] })
        .then(answer => ids(answer).sort()), [stock('north', 'lamp'), stock('south', 'reel')]],
    ['many, of two numbers', p => p.getMany('nominations', { ids: ['[3,5]', '[3,7]', '[4,4]'] })
        .then(answer => ids(answer).sort()), ['[3,5]', '[3,7]']],
    ['those that refer to it', p => p.getManyReference('films', {
        target: 'director_id', id: 3, pagination: page(1, 1), sort: by('id', 'DESC'), filter: {},
    }).then(answer => [ids(answer), answer.total]), [[6], 2]],
    ['those that refer to it, filtered', p => p.getManyReference('roles', {
        target: 'film_id', id: 3, pagination: page(1, 9), sort: by('actor_id'), filter: { 'character@ilike': 'mia' },
    }).then(answer => answer.data.map(row => row.actor_id)), [3]],
]);

cases('create, update, delete', [
    ['create', p => p.create('articles', { data: { title: 'Fourth' } }), {
        data: { id: 4, title: 'Fourth', body: '(none)', status: 'draft', priority: 3, created: '2020-01-01' }, meta: undefined,
    }, 'articles'],
    ['create, of two columns', p => p.create('stock', { data: { warehouse: 'east', product: 'reel', quantity: 1 } }), {
        data: { warehouse: 'east', product: 'reel', quantity: 1, note: null, id: stock('east', 'reel') }, meta: undefined,
    }, 'stock'],
    ['update', p => p.update('articles', {
        id: 1, data: { id: 1, title: 'Changed', body: 'hello' }, previousData: { id: 1, title: 'First', body: 'hello' },
    }), { data: { id: 1, title: 'Changed', body: 'hello', status: 'published', priority: 1, created: '2026-01-01' }, meta: undefined },
    'articles'],
    ['update, of two columns', p => p.update('stock', {
        id: stock('north', 'lamp'), data: { quantity: 3 }, previousData: { quantity: 2 },
    }).then(answer => [answer.data.quantity, answer.data.id]), [3, stock('north', 'lamp')], 'stock'],
    ['updateMany', p => p.updateMany('articles', { ids: [1, 2], data: { status: 'old' } })
        .then(answer => answer.data.sort()), [1, 2], 'articles'],
    ['updateMany, of two columns', p => p.updateMany('stock', {
        ids: [stock('north', 'lamp'), stock('south', 'reel')], data: { note: 'x' },
    }).then(answer => answer.data.sort()), [stock('north', 'lamp'), stock('south', 'reel')], 'stock'],
    ['delete', p => p.delete('articles', { id: 2 }).then(answer => answer.data.title), 'Second', 'articles'],
    ['delete, of two columns', p => p.delete('stock', { id: stock('south', 'lens') }).then(answer => answer.data.note),
        'fragile, "glass"', 'stock'],
    ['deleteMany', p => p.deleteMany('articles', { ids: [1, 3] }).then(answer => answer.data.sort()), [1, 3], 'articles'],
    ['deleteMany, of two columns', p => p.deleteMany('stock', { ids: [stock('north', 'lamp'), stock('north', 'reel')] })
        .then(answer => answer.data.sort()), [stock('north', 'lamp'), stock('north', 'reel')], 'stock'],
]);

describe('what is wrong', () => {
    it('a row that is not there', () => assert.rejects(provider().getOne('films', { id: 99 }),
        error => error.status === 406 && error.body.code === 'PGRST116'));
    it('a value that is refused, with its message', async () => {
        await assert.rejects(provider().create('products', { data: { name: 'x', price: -1 } }),
            error => error.status === 400 && /products_price_check/.test(error.message));
    });
    it('a row that has been deleted before', () => assert.rejects(provider().delete('articles', { id: 99 }),
        error => error.status === 406 && error.body.details === 'The result contains 0 rows'));
});

describe('another schema', () => {
    it('is read', async () => {
        const answer = provider('archive').getOne('films', { id: 2 });
        if (on(true, false)) {
            await assert.rejects(answer, error => error.status === 406 && error.body.code === 'PGRST106');
        } else {
            assert.equal((await answer).data.title, 'Faust');
        }
    });
});
