// SPDX-License-Identifier: Apache-2.0
// Rows within rows, of every kind of relationship.
import { finds, on, reads, refused } from './site.mjs';

const film = (client, columns, id = 3) => client.from('films').select(columns).eq('id', id).single();
const director = (client, columns, id = 1) => client.from('directors').select(columns).eq('id', id).single();

reads('to one', [
    ['an object', c => film(c, 'title, directors(last_name)'),
        { title: 'Pulp Fiction', directors: { last_name: 'Tarantino' } }],
    ['none is null', c => film(c, 'id, directors(*)', 9), { id: 9, directors: null }],
    ['all columns', c => film(c, 'directors(*)'),
        { directors: { id: 2, first_name: 'Quentin', last_name: 'Tarantino' } }],
    ['another name', c => film(c, 'id, by:directors(name:last_name)'), { id: 3, by: { name: 'Tarantino' } }],
    ['by the column', c => film(c, 'director_id(last_name)'), { director_id: { last_name: 'Tarantino' } }],
    ['by the column, as a hint', c => film(c, 'directors!director_id(last_name)'), { directors: { last_name: 'Tarantino' } }],
    ['by the constraint', c => film(c, 'film_director_fkey(last_name)'), { film_director_fkey: { last_name: 'Tarantino' } }],
    ['by the constraint, as a hint', c => film(c, 'by:directors!film_director_fkey(last_name)'),
        { by: { last_name: 'Tarantino' } }],
    ['one to one', c => c.from('films').select('id, technical_specs(camera)').in('id', [3, 4]).order('id'),
        [{ id: 3, technical_specs: { camera: 'Panavision Platinum' } }, { id: 4, technical_specs: null }]],
    ['one to one, from the other side', c => c.from('technical_specs').select('sound, films(title)').eq('film_id', 1),
        [{ sound: 'Mono', films: { title: 'The Shining' } }]],
    ['a key of two columns', c => c.from('cities').select('name, countries(name)').in('id', [1, 5]).order('id'),
        [{ name: 'Lisbon', countries: { name: 'Portugal' } }, { name: 'Atlantis', countries: null }]],
]);

reads('to many', [
    ['an array', c => director(c, 'last_name, films(id)').order('id', { referencedTable: 'films' }),
        { last_name: 'Kubrick', films: [{ id: 1 }, { id: 2 }] }],
    ['none is empty', c => director(c, 'last_name, films(id)', 6), { last_name: 'Varda', films: [] }],
    ['all columns of both', c => c.from('countries').select('*, cities(*)').eq('code', 'DE').single(), {
        continent: 'EU', code: 'DE', name: 'Germany',
        cities: [{ id: 3, name: 'Berlin', continent: 'EU', country_code: 'DE', population: 3677472 }],
    }],
    ['ordered and limited', c => director(c, 'films(title)').order('year', { referencedTable: 'films' })
        .limit(1, { referencedTable: 'films' }), { films: [{ title: '2001: A Space Odyssey' }] }],
    ['a range of them', c => film(c, 'roles(actor_id)').order('actor_id', { referencedTable: 'roles' })
        .range(1, 2, { referencedTable: 'roles' }), { roles: [{ actor_id: 4 }, { actor_id: 5 }] }],
    ['limits hold for each row', c => c.from('directors').select('id, films(id)').lte('id', 3).order('id')
        .order('id', { referencedTable: 'films', ascending: false }).limit(1, { referencedTable: 'films' }),
        [{ id: 1, films: [{ id: 2 }] }, { id: 2, films: [{ id: 4 }] }, { id: 3, films: [{ id: 6 }] }]],
    ['ordered by another column', c => c.from('employees').select('id, employees(id)').eq('id', 2).single()
        .order('salary', { referencedTable: 'employees' }), { id: 2, employees: [{ id: 5 }, { id: 4 }] }],
]);

reads('many to many', [
    ['through a junction', c => film(c, 'actors(last_name)').order('last_name', { referencedTable: 'actors' }),
        { actors: [{ last_name: 'Jackson' }, { last_name: 'Thurman' }, { last_name: 'Travolta' }] }],
    ['from the other side', c => c.from('actors').select('last_name, films(title)').in('id', [3, 10]).order('id')
        .order('year', { referencedTable: 'films' }), [
        { last_name: 'Thurman', films: [{ title: 'Pulp Fiction' }, { title: 'Kill Bill: Volume 1' }] },
        { last_name: 'Garbo', films: [] },
    ]],
    ['the junction as a hint', c => film(c, 'actors!roles(id)').order('id', { referencedTable: 'actors' }),
        { actors: [{ id: 3 }, { id: 4 }, { id: 5 }] }],
    ['with the columns of the junction', c => film(c, 'roles(character, actors(last_name))', 2),
        { roles: [{ character: 'Dave Bowman', actors: { last_name: 'Dullea' } }] }],
    ['two junctions', c => film(c, 'title, actors(last_name), competitions(name)', 5),
        { title: 'Spirited Away', actors: [{ last_name: 'Hiiragi' }], competitions: [{ name: 'Academy Awards' }] }],
    ['filtered', c => film(c, 'actors(last_name)').like('actors.first_name', 'U%'), { actors: [{ last_name: 'Thurman' }] }],
]);

reads('nested', [
    ['four levels', c => director(c, 'films(id, technical_specs(runtime), actors(id, roles(character)))', 3)
        .order('id', { referencedTable: 'films' }), { films: [
        { id: 5, technical_specs: { runtime: 124 }, actors: [{ id: 6, roles: [{ character: 'Chihiro' }] }] },
        { id: 6, technical_specs: null, actors: [] },
    ] }],
    ['there and back', c => film(c, 'id, directors(id, films(id, directors(id)))', 7),
        { id: 7, directors: { id: 4, films: [{ id: 7, directors: { id: 4 } }] } }],
    ['filters, orders and limits by path', c => c.from('competitions').select('id, films(id, actors(last_name))').eq('id', 1)
        .neq('films.actors.last_name', 'Jackson').order('last_name', { referencedTable: 'films.actors', ascending: false })
        .limit(1, { referencedTable: 'films.actors' }), [{ id: 1, films: [{ id: 3, actors: [{ last_name: 'Travolta' }] }] }]],
    ['the same table twice', c => film(c, 'id, a:directors(last_name), b:directors(first_name)'),
        { id: 3, a: { last_name: 'Tarantino' }, b: { first_name: 'Quentin' } }],
]);

const both = { name: 'Books', billing: { name: 'Home' }, shipping: { name: 'Office' } };
reads('two ways', [
    ['must be told apart', c => c.from('orders').select('name, addresses(name)'), refused(300, 'PGRST201', {
        message: "Could not embed because more than one relationship was found for 'orders' and 'addresses'",
        hint: hint => hint.includes("'addresses!billing'") && hint.includes("'addresses!shipping'"),
        details: list => list.length === 2 && list.every(one => one.cardinality === 'many-to-one' &&
            one.embedding === 'orders with addresses') && list.some(one =>
            one.relationship === 'billing using orders(billing_address_id) and addresses(id)'),
    })],
    ['by constraints', c => c.from('orders').select('name, billing:addresses!billing(name), shipping:addresses!shipping(name)')
        .eq('id', 1).single(), both],
    ['by columns', c => c.from('orders').select('name, billing:billing_address_id(name), shipping:shipping_address_id(name)')
        .eq('id', 1).single(), both],
    ['from the other side', c => c.from('addresses').select('name, paid:orders!billing(id), sent:orders!shipping(id)')
        .eq('id', 1).single().order('id', { referencedTable: 'paid' }),
        { name: 'Home', paid: [{ id: 1 }, { id: 3 }], sent: [] }],
]);

reads('to itself', [
    ['the one above', c => c.from('employees').select('name, above:supervisor_id(name)').in('id', [1, 4]).order('id'),
        [{ name: 'Ada', above: null }, { name: 'Dan', above: { name: 'Bob' } }]],
    ['those below', c => c.from('employees').select('name, employees(name)').eq('id', 1).single()
        .order('id', { referencedTable: 'employees' }), { name: 'Ada', employees: [{ name: 'Bob' }, { name: 'Cleo' }] }],
    ['those below, by the column', c => c.from('employees').select('below:employees!supervisor_id(id)').eq('id', 2).single()
        .order('id', { referencedTable: 'below' }), { below: [{ id: 4 }, { id: 5 }] }],
    ['computed', c => c.from('employees').select('name, supervisor(name), subordinates(name)').eq('id', 4).single(),
        { name: 'Dan', supervisor: { name: 'Bob' }, subordinates: [{ name: 'Finn' }] }],
]);

reads('computed', [
    ['to one', c => film(c, 'id, computed_director(last_name)'), { id: 3, computed_director: { last_name: 'Tarantino' } }],
    ['to one, none', c => film(c, 'id, computed_director(last_name)', 9), { id: 9, computed_director: null }],
    ['to many', c => director(c, 'id, computed_films(id)', 3).order('id', { referencedTable: 'computed_films' }),
        { id: 3, computed_films: [{ id: 5 }, { id: 6 }] }],
    ['shaped as others are', c => director(c, 'id, best:computed_films!inner(id, technical_specs(runtime))', 3)
        .gt('best.rating', 8.5), { id: 3, best: [{ id: 5, technical_specs: { runtime: 124 } }] }],
    ['a computed field within', c => director(c, 'films(full_title)', 5), { films: [{ full_title: 'Seven Samurai (1954)' }] }],
]);

reads('views', [
    ['view to table', c => c.from('film_list').select('id, directors(last_name)').eq('id', 3).single(),
        { id: 3, directors: { last_name: 'Tarantino' } }],
    ['table to view', c => director(c, 'id, film_list(id)').order('id', { referencedTable: 'film_list' }),
        { id: 1, film_list: [{ id: 1 }, { id: 2 }] }],
    ['view to view', c => c.from('director_list').select('name, film_list(id)').eq('id', 4).single(),
        { name: 'Sofia Coppola', film_list: [{ id: 7 }] }],
    ['a view of a view', c => c.from('recent_films').select('id, directors(last_name)').order('id'), [
        { id: 4, directors: { last_name: 'Tarantino' } }, { id: 5, directors: { last_name: 'Miyazaki' } },
        { id: 7, directors: { last_name: 'Coppola' } },
    ]],
    ['a view through a junction', c => c.from('film_list').select('id, actors(last_name)').eq('id', 2).single(),
        { id: 2, actors: [{ last_name: 'Dullea' }] }],
    ['a view, one to one', c => c.from('film_list').select('id, technical_specs(runtime)').eq('id', 2).single(),
        { id: 2, technical_specs: { runtime: 149 } }],
    ['a grouped view', c => c.from('director_stats').select('films, directors(last_name)').eq('director_id', 1).single(),
        { films: 2, directors: { last_name: 'Kubrick' } }],
    ...on([], [['a materialized view', c => c.from('film_snapshot').select('id, directors(last_name)').eq('id', 3).single(),
        { id: 3, directors: { last_name: 'Tarantino' } }]]),
]);

finds('inner', [
    ['to one', c => c.from('films').select('id, directors!inner(last_name)').eq('directors.last_name', 'Kubrick'), [1, 2]],
    ['to one, without filters', c => c.from('films').select('id, directors!inner(id)').gt('id', 7), [8]],
    ['to many', c => c.from('directors').select('id, films!inner(id)').lt('films.year', 1970), [1, 5]],
    ['many to many', c => c.from('films').select('id, actors!inner(id)').eq('actors.last_name', 'Thurman'), [3, 4]],
    ['nested', c => c.from('directors').select('id, films!inner(id, actors!inner(id))').eq('films.actors.last_name', 'Thurman'), [2]],
    ['nested, as far as it reaches', c => c.from('directors').select('id, films(id, actors!inner(id))')
        .eq('films.actors.last_name', 'Thurman').lt('id', 3), [1, 2]],
    ['with a hint', c => c.from('orders').select('id, addresses!billing!inner(id)').eq('addresses.name', 'Home'), [1, 3]],
    ['with an empty embed', c => c.from('films').select('id, technical_specs!inner()'), [1, 2, 3, 5, 8]],
    ['or within it', c => c.from('films').select('id, directors!inner(id)')
        .or('last_name.eq.Coppola,first_name.eq.Akira', { referencedTable: 'directors' }), [7, 8]],
    ['null: without any', c => c.from('films').select('id, technical_specs()').is('technical_specs', null), [4, 6, 7, 9, 10]],
    ['not null: with some', c => c.from('films').select('id, actors()').not('actors', 'is', null), [1, 2, 3, 4, 5, 7, 8]],
    ['null, of what is filtered', c => c.from('films').select('id, actors()').eq('actors.last_name', 'Thurman')
        .not('actors', 'is', null), [3, 4]],
    ['null within or', c => c.from('films').select('id, technical_specs(), directors()')
        .or('technical_specs.not.is.null,directors.is.null'), [1, 2, 3, 5, 8, 9, 10]],
    ['without inner all rows stay', c => c.from('films').select('id, directors(id)').eq('directors.last_name', 'Kubrick')
        .lt('id', 4), [1, 2, 3]],
]);

reads('filters on embedded rows', [
    ['of the other name', c => film(c, 'id, cast:actors(last_name)').eq('cast.last_name', 'Thurman'),
        { id: 3, cast: [{ last_name: 'Thurman' }] }],
    ['to one, filtered away', c => film(c, 'id, directors(last_name)').eq('directors.last_name', 'Nobody'),
        { id: 3, directors: null }],
    ['or', c => film(c, 'actors(id)').or('last_name.eq.Thurman,id.eq.4', { referencedTable: 'actors' })
        .order('id', { referencedTable: 'actors' }), { actors: [{ id: 3 }, { id: 4 }] }],
]);

reads('spread', [
    ['to one', c => film(c, 'title, ...directors(director:last_name)'), { title: 'Pulp Fiction', director: 'Tarantino' }],
    ['to one, none', c => film(c, 'id, ...directors(director:last_name)', 9), { id: 9, director: null }],
    ['with an embed in it', c => c.from('technical_specs').select('film_id, ...films(title, directors(last_name))').eq('film_id', 1),
        [{ film_id: 1, title: 'The Shining', directors: { last_name: 'Kubrick' } }]],
    ['in one another', c => c.from('technical_specs').select('film_id, ...films(title, ...directors(last_name))').eq('film_id', 1),
        [{ film_id: 1, title: 'The Shining', last_name: 'Kubrick' }]],
    ['in an embed', c => director(c, 'films(id, ...technical_specs(runtime))', 3).order('id', { referencedTable: 'films' }),
        { films: [{ id: 5, runtime: 124 }, { id: 6, runtime: null }] }],
    ['to many', c => director(c, 'last_name, ...films(ids:id, titles:title)').order('id', { referencedTable: 'films' }),
        { last_name: 'Kubrick', ids: [1, 2], titles: ['The Shining', '2001: A Space Odyssey'] }],
    ['to many, none', c => director(c, 'id, ...films(titles:title)', 6), { id: 6, titles: [] }],
    ['many to many', c => film(c, 'id, ...actors(cast:last_name)').order('last_name', { referencedTable: 'actors' }),
        { id: 3, cast: ['Jackson', 'Thurman', 'Travolta'] }],
]);

finds('order by what is embedded', [
    ['to one', c => c.from('films').select('id, directors(last_name)').order('directors(last_name)').order('id')
        .limit(3), [1, 2, 7]],
    ['to one, another name', c => c.from('films').select('id, by:directors(last_name)')
        .order('by(last_name)', { ascending: false, nullsFirst: false }).order('id').limit(2), [3, 4]],
    ['to many', c => c.from('directors').select('id, films(id)').order('films(year)'), refused(400, 'PGRST118', {
        message: "A related order on 'films' is not possible",
        details: "'directors' and 'films' do not form a many-to-one or one-to-one relationship",
    })],
    ['what is not embedded', c => c.from('films').select('id').order('directors(last_name)'), refused(400, 'PGRST108')],
]);

const space = on('main', 'public');
reads('what is wrong', [
    ['no relationship', c => c.from('films').select('id, employees(id)'), refused(400, 'PGRST200', {
        message: "Could not find a relationship between 'films' and 'employees' in the schema cache",
        details: `Searched for a foreign key relationship between 'films' and 'employees' in the schema '${space}', but no matches were found.`,
    })],
    ['a name with a slip', c => c.from('films').select('id, director(id)'), refused(400, 'PGRST200',
        { hint: "Perhaps you meant 'directors' instead of 'director'." })],
    ['a hint that does not hold', c => c.from('films').select('id, directors!billing(id)'), refused(400, 'PGRST200', {
        details: `Searched for a foreign key relationship between 'films' and 'directors' using the hint 'billing' in the schema '${space}', but no matches were found.`,
    })],
    ['an unknown column within', c => c.from('films').select('id, directors(nosuch)'), refused(400, '42703')],
    ['a table that one may not read', c => c.from('films').select('id, secrets(value)'), refused(400, 'PGRST200')],
]);
