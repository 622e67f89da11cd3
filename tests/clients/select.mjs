// SPDX-License-Identifier: Apache-2.0
// What is asked of rows besides filters: columns, order, windows, single rows, CSV, counts, plans, schemas.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anonymous, api, authorization, check, notOnSqlite, on, reads, refused } from './site.mjs';

const film = (client, columns, id = 3) => client.from('films').select(columns).eq('id', id);
const ids = (...wanted) => wanted.map(id => ({ id }));

reads('select', [
    ['some columns', c => film(c, 'id, title'), [{ id: 3, title: 'Pulp Fiction' }]],
    ['all columns, of all types', c => film(c, '*', 1), [{
        id: 1, title: 'The Shining', year: 1980, rating: 8.4, language: 'en', director_id: 1,
        tags: ['horror', 'hotel'], info: { minutes: 146, cast: { lead: 'Jack Nicholson' }, prizes: [] },
        released: '1980-05-23', seen_at: '1999-10-31T20:15:00+00:00', box_office: 47335804,
    }]],
    ['nulls', c => film(c, 'year, rating, tags, info, released, seen_at', 10),
        [{ year: null, rating: null, tags: null, info: null, released: null, seen_at: null }]],
    ['an array with null, an empty one', c => c.from('films').select('tags').in('id', [7, 9]).order('id'),
        [{ tags: ['hotel', null] }, { tags: [] }]],
    ['other names', c => film(c, 'name:title, "the year":year'), [{ name: 'Pulp Fiction', 'the year': 1994 }]],
    ['casts', c => film(c, 'year::text, id:id::text, rating::float, box_office::float8'),
        [{ year: '1994', id: '3', rating: 8.9, box_office: 213928762 }]],
    ['a number beyond 2^53 as text', c => film(c, 'box_office::text', 8), [{ box_office: '9007199254740993' }]],
    ['JSON paths', c => film(c, 'info->cast->>lead, info->minutes, first:info->prizes->0, info->prizes->>-1'),
        [{ lead: 'John Travolta', minutes: 154, first: 'palme', prizes: 'script' }]],
    ['JSON paths to nowhere', c => film(c, 'info->nosuch, x:info->nosuch->>deeper'), [{ nosuch: null, x: null }]],
    ['an element of an array', c => film(c, 'tags->0, last:tags->>-1'), [{ tags: 'crime', last: 'say "what"' }]],
    ['a computed field', c => film(c, 'full_title'), [{ full_title: 'Pulp Fiction (1994)' }]],
    ['names that need quotes', c => c.from('odd name').select('"a.b", "größe"').eq('key', 1),
        [{ 'a.b': 'dot', größe: 10 }]],
    ['an empty table', c => c.from('ledger').select(), []],
    ['an unknown column', c => film(c, 'id, nosuch'), refused(400, '42703')],
    ['an unknown table', c => c.from('film').select(), refused(404, 'PGRST205', {
        message: /^Could not find the table '(main|public)\.film' in the schema cache$/,
        hint: /^Perhaps you meant the table '(main|public)\.films'$/,
    })],
    ['what does not parse', c => film(c, 'id,,title'), refused(400, 'PGRST100',
        { message: /^"failed to parse select parameter \(id,,title\)" \(line 1, column 4\)$/ })],
    ['nulls stripped', c => film(c, 'id, year, rating', 10).stripNulls(), [{ id: 10 }]],
]);

const order = (client, ...words) => client.from('films').select('id').order(...words).order('id');
reads('order', [
    ['ascending: nulls last', c => order(c, 'year'), ids(9, 8, 2, 1, 3, 6, 5, 4, 7, 10)],
    ['descending: nulls first', c => order(c, 'year', { ascending: false }), ids(10, 4, 7, 5, 6, 3, 1, 2, 8, 9)],
    ['nulls first', c => order(c, 'year', { nullsFirst: true }), ids(10, 9, 8, 2, 1, 3, 6, 5, 4, 7)],
    ['descending, nulls last', c => order(c, 'year', { ascending: false, nullsFirst: false }),
        ids(4, 7, 5, 6, 3, 1, 2, 8, 9, 10)],
    ['by two columns', c => c.from('films').select('id').order('language').order('year', { ascending: false })
        .order('id'), ids(9, 4, 7, 3, 1, 2, 5, 6, 8, 10)],
    ['by a JSON path', c => order(c, 'info->minutes', { nullsFirst: false }).lt('id', 5), ids(4, 1, 2, 3)],
    ['by a JSON text', c => order(c, 'info->cast->>lead', { ascending: false, nullsFirst: false }).in('id', [1, 2, 3, 7]),
        ids(2, 3, 1, 7)],
    ['by a computed field', c => order(c, 'full_title').lte('id', 3), ids(2, 3, 1)],
    ['by an unknown column', c => order(c, 'nosuch'), refused(400, '42703')],
]);

const page = client => client.from('films').select('id').order('id');
const counted = client => client.from('films').select('id', { count: 'exact' }).order('id');
reads('windows', [
    ['limit', c => page(c).limit(2), ids(1, 2)],
    ['limit 0', c => page(c).limit(0), []],
    ['range', c => page(c).range(2, 4), ids(3, 4, 5)],
    ['range at the end', c => page(c).range(8, 20), ids(9, 10)],
    ['range behind the end', c => page(c).range(50, 60), [], { status: 200 }],
    ['with the count: a part is 206', c => counted(c).range(2, 4), ids(3, 4, 5), { status: 206, count: 10 }],
    ['with the count: all is 200', c => counted(c).limit(20), rows => rows.length === 10, { status: 200, count: 10 }],
    ['with the count: behind the end', c => counted(c).range(50, 60), refused(416, 'PGRST103', {
        message: 'Requested range not satisfiable',
        details: 'An offset of 50 was requested, but there are only 10 rows.',
    })],
    ['a negative limit', c => page(c).limit(-1), refused(416, 'PGRST103',
        { details: 'Limit should be greater than or equal to zero.' })],
]);

const many = rows => refused(406, 'PGRST116', {
    message: 'Cannot coerce the result to a single JSON object', details: `The result contains ${rows} rows`, hint: null,
});
reads('single rows', [
    ['single', c => film(c, 'id').single(), { id: 3 }],
    ['single, none', c => film(c, 'id', 99).single(), many(0)],
    ['single, many', c => page(c).lt('id', 4).single(), many(3)],
    ['single of many, limited', c => page(c).limit(1).single(), { id: 1 }],
    ['single, nulls stripped', c => film(c, 'id, year', 10).single().stripNulls(), { id: 10 }],
    ['maybeSingle', c => film(c, 'id').maybeSingle(), { id: 3 }],
    ['maybeSingle, none', c => film(c, 'id', 99).maybeSingle(), null],
    ['maybeSingle, many', c => page(c).maybeSingle(), refused(406, 'PGRST116')],
]);

reads('CSV', [
    ['rows', c => c.from('films').select('id, title, year').in('id', [1, 9, 10]).order('id').csv(),
        'id,title,year\n1,"The Shining",1980\n9,Metropolis,1927\n10,"Say ""hi"", (100%_new)*",'],
    ['booleans, nulls, numbers', c => c.from('tasks').select('id, done, rank, cost').in('id', [2, 3]).order('id').csv(),
        'id,done,rank,cost\n2,t,3,0.1\n3,f,,'],
    ['names as asked for', c => film(c, 'name:title, info->cast->>lead').csv(), 'name,lead\n"Pulp Fiction","John Travolta"'],
    ['none', c => film(c, 'id', 99).csv(), data => data.trim() === ''],
]);

const head = (client, count) => client.from('films').select('*', { count, head: true });
const atLeast = wanted => count => Number.isInteger(count) && count >= wanted;
reads('counts', [
    ['exact', c => head(c, 'exact'), null, { count: 10, status: 200 }],
    ['exact, filtered', c => head(c, 'exact').eq('language', 'ja'), null, { count: 3 }],
    ['exact, limited', c => head(c, 'exact').limit(2), null, { count: 10, status: 206 }],
    ['exact, none', c => head(c, 'exact').eq('id', 99), null, { count: 0 }],
    ['planned', c => head(c, 'planned'), null, { count: atLeast(1) }],
    ['estimated', c => head(c, 'estimated'), null, { count: atLeast(10) }],
    ['not asked for', c => c.from('films').select('*', { head: true }), null, { count: null, status: 200 }],
    ['with rows', c => c.from('films').select('id', { count: 'exact' }).eq('language', 'de'), ids(9), { count: 1 }],
    ['of embedded rows, inner', c => c.from('films').select('id, directors!inner()', { count: 'exact', head: true })
        .eq('directors.last_name', 'Kubrick'), null, { count: 2 }],
]);

reads('aggregates', [
    ['count', c => c.from('films').select('count()'), [{ count: 10 }]],
    ['count by a column', c => c.from('films').select('language, count()').order('language'),
        [{ language: 'de', count: 1 }, { language: 'en', count: 5 }, { language: 'ja', count: 3 },
            { language: null, count: 1 }]],
    ['the others', c => c.from('films').select('year.min(), last:year.max(), rated:rating.count()'),
        [{ min: 1927, last: 2003, rated: 9 }]],
    ['sum, avg', c => c.from('technical_specs').select('runtime.sum(), mean:runtime.avg()').in('film_id', [1, 2]),
        [{ sum: 295, mean: 147.5 }]],
    ['with casts', c => c.from('films').select('year.max()::text'), [{ max: '2003' }]],
    ['of a JSON member', c => c.from('films').select('info->minutes::integer.sum()').lt('id', 3), [{ sum: 295 }]],
    ['within an embed', c => c.from('directors').select('last_name, films(count())').in('id', [1, 6]).order('id'),
        [{ last_name: 'Kubrick', films: [{ count: 2 }] }, { last_name: 'Varda', films: [{ count: 0 }] }]],
    ['within an embed, without parentheses', c => c.from('directors').select('last_name, films(count)').eq('id', 1),
        [{ last_name: 'Kubrick', films: [{ count: 2 }] }]],
]);

reads('plans', [
    ['text', c => film(c, '*').explain(), text => on(/SEARCH|SCAN/, /cost=/).test(text)],
    ['JSON', c => film(c, '*').explain({ format: 'json' }), plan => Array.isArray(plan) && plan.length > 0],
    ['with options', c => film(c, '*').explain({ analyze: true, buffers: true }), notOnSqlite(
        text => /Execution Time/.test(text), /^The plan option '(analyze|buffers)' is not available on the SQLite backend$/)],
]);

reads('formats', [
    ['GeoJSON, without PostGIS', c => c.from('films').select().geojson(), on(
        refused(501, 'PGRST127', { details: 'GeoJSON output is not available on the SQLite backend' }),
        refused(404, '42883'))],
]);

const others = on(refused(406, 'PGRST106'), undefined);
reads('schemas', [
    ['another', c => c.schema('archive').from('films').select('id, title').order('id'),
        others ?? [{ id: 1, title: 'Nosferatu' }, { id: 2, title: 'Faust' }]],
    ['an embed there', c => c.schema('archive').from('films').select('title, studios(name)').order('id'),
        others ?? [{ title: 'Nosferatu', studios: null }, { title: 'Faust', studios: { name: 'UFA' } }]],
    ['a function there', c => c.schema('archive').rpc('add_them', { a: 1, b: 2 }), others ?? '1 and 2'],
    ['the first, by name', c => c.schema(on('main', 'public')).from('films').select('id').eq('id', 1), ids(1)],
    ['what is only in another', c => c.from('studios').select(), refused(404, 'PGRST205')],
    ['one that is not served', c => c.schema('pristine').from('films').select(), refused(406, 'PGRST106', {
        message: 'Invalid schema: pristine',
        hint: on('Only the following schemas are exposed: main', 'Only the following schemas are exposed: public, archive'),
    })],
]);

describe('the client itself', () => {
    it('aborts', async () => {
        const answer = await anonymous.from('many').select().abortSignal(AbortSignal.abort());
        assert.match(answer.error.message, /AbortError/);
    });
    it('aborts while the answer comes', async () => {
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 5);
        const answer = await anonymous.from('many').select().abortSignal(abort.signal).retry(false);
        assert.ok(answer.error);
        check(await anonymous.from('films').select('id').eq('id', 1), ids(1));
    });
    it('throws, if asked to', async () => {
        await assert.rejects(async () => anonymous.from('nosuch').select().throwOnError(),
            { name: 'PostgrestError', code: 'PGRST205' });
    });
    it('reads a long answer whole', async () => {
        const { data } = await anonymous.from('many').select('n');
        assert.equal(data.length, 50000);
        assert.equal(data.at(-1).n, 50000);
    });
    it('sends long lists', async () => {
        const wanted = Array.from({ length: 900 }, (_, i) => i + 5);
        check(await anonymous.from('films').select('id').in('id', wanted).order('id'), ids(5, 6, 7, 8, 9, 10));
    });
    it('runs many requests at once', async () => {
        const asked = Array.from({ length: 40 }, (_, i) => (i % 10) + 1);
        const answers = await Promise.all(asked.map(id => film(anonymous, 'id', id).single()));
        assert.deepEqual(answers.map(answer => answer.data?.id), asked);
    });
    it('describes the API', async () => {
        const answer = await anonymous.getOpenApiSpec();
        assert.equal(answer.error, null, JSON.stringify(answer.error));
        assert.equal(answer.data.swagger, '2.0');
        assert.ok(answer.data.paths['/films'].get && answer.data.definitions.films.properties.title);
    });
    it('a browser of another origin may read the answer', async () => {
        const answer = await fetch(`${api}/films?id=eq.1`, {
            headers: { Origin: 'http://elsewhere.test', Authorization: authorization },
        });
        assert.equal(answer.headers.get('access-control-allow-origin'), '*');
        assert.match(answer.headers.get('access-control-expose-headers'), /Content-Range/);
    });
});
