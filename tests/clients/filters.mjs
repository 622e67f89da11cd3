// SPDX-License-Identifier: Apache-2.0
// Every filter that postgrest-js can write.
import { finds, notOnSqlite, on, reads, refused } from './site.mjs';

const films = client => client.from('films').select('id');
const docs = client => client.from('docs').select('id');
const reservations = client => client.from('reservations').select('id');

finds('comparisons', [
    ['eq', c => films(c).eq('year', 2003), [4, 7]],
    ['eq of text takes all characters as they are', c => films(c).eq('title', 'Say "hi", (100%_new)*'), [10]],
    ['eq of a name beyond ASCII', c => c.from('directors').select('id').eq('first_name', 'Agnès'), [6]],
    ['eq of a number beyond 2^53, as text', c => films(c).eq('box_office', '9007199254740993'), [8]],
    ['eq of a numeric', c => films(c).eq('rating', 8.3), [2, 6, 9]],
    ['eq of a boolean', c => c.from('packages').select('id').eq('essential', true), [2, 4]],
    ['eq of null finds nothing: the text', c => films(c).eq('language', 'null'), []],
    ['neq leaves nulls out', c => films(c).neq('language', 'en'), [5, 6, 8, 9]],
    ['gt', c => films(c).gt('year', 2001), [4, 7]],
    ['gte', c => films(c).gte('year', 2001), [4, 5, 7]],
    ['lt', c => films(c).lt('year', 1954), [9]],
    ['lte', c => films(c).lte('year', 1954), [8, 9]],
    ['between', c => films(c).gte('year', 1980).lt('year', 2000), [1, 3, 6]],
    ['gte of a date', c => films(c).gte('released', '2003-01-01'), [4, 7]],
    ['lt of a time', c => films(c).lt('seen_at', '2000-01-01T00:00:00Z'), [1, 3]],
    ['eq of a time in another zone', c => films(c).eq('seen_at', '2003-09-12T20:00:00+02:00'), [5]],
    ['gt of text', c => films(c).gt('title', 'Seven'), [1, 5, 8]],
    ['isDistinct', c => films(c).isDistinct('language', 'en'), [5, 6, 8, 9, 10]],
    ['match', c => films(c).match({ year: 2003, language: 'en', director_id: 4 }), [7]],
    ['filters of one column are joined', c => films(c).neq('year', 2003).neq('year', 2001).gt('year', 1990), [3, 6]],
]);

finds('patterns', [
    ['like', c => films(c).like('title', '%ill%'), [4]],
    ['like with stars', c => films(c).like('title', '*Bill*'), [4]],
    ['like is about small and capital letters', c => films(c).like('title', '%space%'), []],
    ['like with _', c => films(c).like('title', 'Seven _amurai'), [8]],
    ['like with an escaped %', c => films(c).like('title', '%100\\%\\_new%'), [10]],
    ['ilike', c => films(c).ilike('title', '%SPACE%'), [2]],
    ['ilike beyond ASCII', c => c.from('actors').select('id').ilike('first_name', 'TOSHIRŌ'), [8]],
    ['likeAllOf', c => films(c).likeAllOf('title', ['%i%', '%n%']), [1, 3, 6, 7, 8, 10]],
    ['likeAnyOf', c => films(c).likeAnyOf('title', ['The*', '%fiction']), [1]],
    ['ilikeAllOf', c => films(c).ilikeAllOf('title', ['%in%', '%S%']), [1, 6, 7]],
    ['ilikeAnyOf', c => films(c).ilikeAnyOf('title', ['the%', '%fiction']), [1, 3]],
    ['regexMatch', c => films(c).regexMatch('title', '^[PS]'), [3, 5, 6, 8, 10]],
    ['regexIMatch', c => films(c).regexIMatch('title', '^s.*y$'), [5]],
    ['a broken regular expression', c => films(c).regexMatch('title', '('), refused(400, '2201B')],
]);

finds('lists and keywords', [
    ['in', c => films(c).in('year', [1927, 1954]), [8, 9]],
    ['in quotes what is reserved', c => c.from('tasks').select('id').in('title', ['x,y.z:w', 'Buy milk']), [1, 5]],
    ['in of nothing', c => films(c).in('id', []), []],
    ['in keeps blanks', c => films(c).in('title', ['The Shining', 'Metropolis']), [1, 9]],
    ['notIn', c => films(c).notIn('year', [2003, 2001, 1997]), [1, 2, 3, 8, 9]],
    ['is null', c => films(c).is('director_id', null), [9, 10]],
    ['is true', c => c.from('packages').select('id').is('essential', true), [2, 4]],
    ['is false', c => c.from('tasks').select('id').is('done', false), [1, 3, 5]],
    ['eq(any)', c => films(c).filter('year', 'eq(any)', '{1927,1954}'), [8, 9]],
    ['gt(all)', c => films(c).filter('year', 'gt(all)', '{1990,2000}'), [4, 5, 7]],
    ['like(any)', c => films(c).filter('title', 'like(any)', '{Kill*,Lost*}'), [4, 7]],
]);

finds('not', [
    ['not eq leaves nulls out', c => films(c).not('year', 'eq', 2003), [1, 2, 3, 5, 6, 8, 9]],
    ['not is null', c => films(c).not('director_id', 'is', null), [1, 2, 3, 4, 5, 6, 7, 8]],
    ['not in', c => films(c).not('year', 'in', '(2003,2001)'), [1, 2, 3, 6, 8, 9]],
    ['not like', c => films(c).not('title', 'like', '%e%'), [3, 7]],
    ['not contains', c => films(c).not('tags', 'cs', '{hotel}'), [2, 3, 4, 5, 6, 9]],
    ['not any', c => films(c).not('year', 'eq(any)', '{2003,2001}'), [1, 2, 3, 6, 8, 9]],
]);

finds('or, and', [
    ['or', c => films(c).or('year.eq.1927,year.eq.1954'), [8, 9]],
    ['or beside a filter', c => films(c).eq('language', 'en').or('year.eq.1968,rating.gte.8.9'), [2, 3]],
    ['and within or', c => films(c).or('and(year.gt.1990,language.eq.ja),director_id.is.null'), [5, 6, 9, 10]],
    ['not.and within or', c => films(c).or('not.and(year.gte.1960,year.lte.2003),rating.eq.8.9'), [3, 8, 9]],
    ['not within or', c => films(c).or('language.not.in.(en,ja),title.not.like.*e*').lt('id', 9), [3, 7]],
    ['in within or', c => films(c).or('id.in.(1,2),title.eq."Kill Bill: Volume 1"'), [1, 2, 4]],
    ['quotes within or', c => films(c).or('title.eq."Say \\"hi\\", (100%_new)*",id.eq.1'), [1, 10]],
    ['an array within or', c => films(c).or('tags.cs.{crime,revenge},year.eq.1980'), [1, 4]],
    ['any within or', c => films(c).or('title.like(any).{The*,Seven*},id.eq.9'), [1, 8, 9]],
    ['JSON within or', c => films(c).or('info->>minutes.eq.111,info->cast->>lead.eq."Bill Murray"'), [4, 7]],
    ['or twice', c => films(c).or('id.eq.1,id.eq.2').or('id.eq.2,id.eq.3'), [2]],
    ['deeper', c => films(c).or('and(id.gt.1,or(id.lt.3,and(id.gt.8,not.or(id.eq.9,id.eq.11))))'), [2, 10]],
]);

finds('arrays', [
    ['contains', c => films(c).contains('tags', ['hotel']), [1, 7]],
    ['contains both', c => films(c).contains('tags', ['crime', 'revenge']), [4]],
    ['contains an element with a comma', c => films(c).contains('tags', '{"computer, talking"}'), [2]],
    ['contains nothing', c => films(c).contains('tags', []), [1, 2, 3, 4, 5, 6, 7, 9]],
    ['containedBy', c => films(c).containedBy('tags', ['hotel', 'horror', 'space']), [1, 9]],
    ['overlaps', c => films(c).overlaps('tags', ['space', 'revenge']), [2, 4]],
    ['contains numbers', c => c.from('competitions').select('id').contains('jury', [8]), [1, 3]],
    ['containedBy numbers', c => c.from('competitions').select('id').containedBy('jury', [7, 8, 9]), [3]],
    ['overlaps numbers', c => c.from('competitions').select('id').overlaps('jury', [10, 11]), [1]],
    ['an element by its index', c => films(c).eq('tags->>0', 'crime'), [3, 4]],
]);

finds('JSON', [
    ['contains', c => films(c).contains('info', { colour: true }), [4, 5, 6]],
    ['contains deeper', c => films(c).contains('info', { cast: { lead: 'Bill Murray' } }), [7]],
    ['contains in an array', c => films(c).contains('info', { prizes: ['script'] }), [3, 7]],
    ['containedBy', c => films(c).containedBy('info', { colour: false, minutes: null, more: 1 }), [9]],
    ['->> is text', c => films(c).eq('info->>minutes', '111'), [4]],
    ['->> of a boolean is text', c => films(c).eq('info->>colour', 'true'), [4, 5, 6]],
    ['-> compares as JSON', c => films(c).gt('info->minutes', 150), [3, 8]],
    ['-> eq of a string in quotes', c => films(c).eq('info->cast->lead', '"Bill Murray"'), [7]],
    ['a path', c => films(c).eq('info->cast->>lead', 'Bill Murray'), [7]],
    ['an index', c => films(c).eq('info->prizes->>0', 'script'), [7]],
    ['an index from behind', c => films(c).eq('info->prizes->>-1', 'script'), [3, 7]],
    ['like', c => films(c).like('info->cast->>lead', 'J%'), [1, 3]],
    ['is null: no such member', c => films(c).is('info->cast', null), [4, 5, 6, 8, 9, 10]],
    ['in', c => films(c).in('info->>minutes', ['111', '102']), [4, 7]],
]);

finds('full text', [
    ['fts, and', c => docs(c).textSearch('body', 'fat & cat'), [1, 2]],
    ['fts, or', c => docs(c).textSearch('body', 'sat | fun'), [1, 4]],
    ['fts, not', c => docs(c).textSearch('body', 'cat & !sat'), [2]],
    ['fts, prefix', c => docs(c).textSearch('body', 'impos:*'), [3]],
    ['fts, phrase', c => docs(c).textSearch('body', 'fat <-> rat'), [2]],
    ['plain', c => docs(c).textSearch('body', 'fat cat', { type: 'plain' }), [1, 2]],
    ['phrase', c => docs(c).textSearch('body', 'fat cat', { type: 'phrase' }), [1]],
    ['websearch', c => docs(c).textSearch('body', '"fat rat" or amusing -sat', { type: 'websearch' }), [2, 4]],
    ['with a config', c => docs(c).textSearch('body', 'cooks', { config: 'english' }), [3, 4]],
    ['with a config that there is not', c => docs(c).textSearch('body', 'cook', { config: 'klingon' }),
        refused(400, '42704')],
    ['not', c => docs(c).not('body', 'fts', 'cat'), [3, 4, 5]],
    ['within or', c => docs(c).or('body.fts.sat,title.plfts.fun'), [1, 4]],
    ['where there is no index', c => films(c).textSearch('title', 'shining'),
        notOnSqlite([1], "Full-text search on 'films.title' needs an FTS5 index, and there is none")],
]);

if (on(false, true)) {
    finds('ranges', [
        ['rangeGt', c => reservations(c).rangeGt('seats', '[1,4]'), [2]],
        ['rangeLt', c => reservations(c).rangeLt('seats', '[5,9)'), [1]],
        ['rangeGte', c => reservations(c).rangeGte('seats', '[3,7)'), [2, 3]],
        ['rangeLte', c => reservations(c).rangeLte('seats', '[1,7)'), [1, 3]],
        ['rangeAdjacent', c => reservations(c).rangeAdjacent('seats', '[9,12]'), [2]],
        ['overlaps', c => reservations(c).overlaps('seats', '[4,6)'), [1, 2, 3]],
        ['contains', c => reservations(c).contains('seats', '[3,4)'), [1, 3]],
        ['contains a time', c => reservations(c).contains('during', '[2026-01-01 11:00,2026-01-01 11:30]'), [1]],
        ['containedBy', c => reservations(c).containedBy('seats', '[1,10)'), [1, 2, 3, 4]],
        ['within or', c => reservations(c).or('seats.adj."[9,12]",during.cs."[2026-03-01,2026-03-02]"'), [2, 3]],
    ]);
} else {
    finds('ranges', ['rangeGt', 'rangeLt', 'rangeGte', 'rangeLte', 'rangeAdjacent'].map(name =>
        [name, c => films(c)[name]('year', '[1,5)'), refused(501, 'PGRST127', {
            details: /^The '(sr|sl|nxl|nxr|adj)' operator on ranges is not available on the SQLite backend$/,
            hint: 'Keep the bounds in two columns and compare them with gte and lt.',
        })]));
}

finds('what is computed, views', [
    ['a computed field', c => films(c).eq('full_title', 'Metropolis (1927)'), [9]],
    ['a view', c => c.from('film_list').select('id').gt('year', 2001), [4, 7]],
    ['a view of a view', c => c.from('recent_films').select('id').neq('id', 4), [5, 7]],
    ['a quoted name', c => c.from('odd name').select('id:key').eq('"a.b"', 'dot'), [1]],
]);

reads('what is wrong', [
    ['an unknown column', c => films(c).eq('nosuch', 1), refused(400, '42703')],
    ['a literal of another type', c => films(c).eq('year', 'abc'),
        refused(400, '22P02', { message: 'invalid input syntax for type integer: "abc"' })],
    ['an unknown operator', c => films(c).filter('year', 'noop', 1), refused(400, 'PGRST100',
        { message: '"failed to parse filter (noop.1)" (line 1, column 1)', details: /operator \(eq, gt, \.\.\.\)/ })],
    ['a broken tree', c => films(c).or('year.eq.1,'), refused(400, 'PGRST100',
        { message: /^"failed to parse logic tree/ })],
    ['a filter on what is not embedded', c => films(c).eq('directors.id', 1), refused(400, 'PGRST108', {
        message: "'directors' is not an embedded resource in this request",
        hint: "Verify that 'directors' is included in the 'select' query parameter.",
    })],
]);
