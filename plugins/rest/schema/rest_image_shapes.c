/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a snapshot is made of: each struct of rest_schema.h with the members that are pointers. A
 * guard (tests/guard/image_shapes.py) sees to it that none is forgotten.
 */
#include "rest_image.h"

#define MEMBER(type, name, what, section, needed, times, count) \
    { offsetof(rest_##type##_t, name), REST_MEMBER_##what, section, needed, times, count }
#define COUNT(type, name) offsetof(rest_##type##_t, name)

#define TEXT(type, name)       MEMBER(type, name, TEXT, REST_SECTION_CHARS, 1, 1, 0)
#define MAYBE_TEXT(type, name) MEMBER(type, name, TEXT, REST_SECTION_CHARS, 0, 1, 0)
#define TEXTS(type, name, times, count) \
    MEMBER(type, name, TEXTS, REST_SECTION_TEXTS, 0, times, COUNT(type, count))
#define ONE(type, name, shape)       MEMBER(type, name, ONE, REST_SHAPE_##shape, 1, 1, 0)
#define MAYBE_ONE(type, name, shape) MEMBER(type, name, ONE, REST_SHAPE_##shape, 0, 1, 0)
#define NEXT(type, shape)            MEMBER(type, next, NEXT, REST_SHAPE_##shape, 0, 1, 0)
#define ARRAY(type, name, shape, count) \
    MEMBER(type, name, ARRAY, REST_SHAPE_##shape, 0, 1, COUNT(type, count))
#define LIST(type, name, shape, count) \
    MEMBER(type, name, LIST, REST_SECTION_LISTS + REST_SHAPE_##shape, 0, 1, COUNT(type, count))
#define NONE(type, name) MEMBER(type, name, NONE, 0, 0, 0, 0)

/* Links are made; what they were made of is not kept. The process fills the rest. */
static const rest_member_t of_schema[] = {
    NONE(schema, pool),
    NONE(schema, image),
    NONE(schema, further),
    ARRAY(schema, spaces, SPACE, nspaces),
    TEXTS(schema, roles, 1, nroles),
    MAYBE_ONE(schema, role_settings, ROLE_SETTING),
    MAYBE_ONE(schema, config, ROLE_SETTING),
    MAYBE_ONE(schema, handlers, HANDLER),
    NONE(schema, foreign_keys),
    NONE(schema, origins),
    NONE(schema, hidden_keys),
};

static const rest_member_t of_space[] = {
    TEXT(space, name),
    MAYBE_TEXT(space, comment),
    LIST(space, relations, RELATION, nrelations),
    LIST(space, routines, ROUTINE, nroutines),
};

static const rest_member_t of_relation[] = {
    TEXT(relation, schema),
    TEXT(relation, name),
    TEXT(relation, ident),
    MAYBE_TEXT(relation, comment),
    LIST(relation, columns, COLUMN, ncolumns),
    LIST(relation, by_name, COLUMN, ncolumns),
    LIST(relation, keys, COLUMN, nkeys),
    MAYBE_ONE(relation, grants, GRANT),
    MAYBE_ONE(relation, links, LINK),
    MAYBE_ONE(relation, computed, ROUTINE),
    MAYBE_ONE(relation, handlers, HANDLER),
    MAYBE_ONE(relation, fulltext, FULLTEXT),
};

static const rest_member_t of_routine[] = {
    NEXT(routine, ROUTINE),
    TEXT(routine, schema),
    TEXT(routine, name),
    MAYBE_TEXT(routine, ident), /* SQLite: a computed member has none */
    MAYBE_TEXT(routine, comment),
    ARRAY(routine, params, PARAM, nparams),
    MAYBE_TEXT(routine, type),
    MAYBE_ONE(routine, relation, RELATION),
    MAYBE_TEXT(routine, isolation),
    TEXTS(routine, settings, 2, nsettings),
    MAYBE_TEXT(routine, media),
    MAYBE_TEXT(routine, body),
    MAYBE_ONE(routine, grants, GRANT),
};

static const rest_member_t of_column[] = {
    TEXT(column, name),
    TEXT(column, ident),
    MAYBE_TEXT(column, member),
    MAYBE_TEXT(column, type),
    MAYBE_TEXT(column, base),
    MAYBE_TEXT(column, default_value),
    MAYBE_TEXT(column, comment),
    TEXTS(column, labels, 1, nlabels),
    MAYBE_TEXT(column, to_json),
    MAYBE_TEXT(column, from_json),
    MAYBE_TEXT(column, from_text),
};

static const rest_member_t of_grant[] = {
    NEXT(grant, GRANT),
    TEXT(grant, role),
    MAYBE_TEXT(grant, columns),
    MAYBE_TEXT(grant, row_filter),
    MAYBE_TEXT(grant, check_expr),
};

static const rest_member_t of_handler[] = {
    NEXT(handler, HANDLER),
    TEXT(handler, media),
    TEXT(handler, ident),
};

static const rest_member_t of_fulltext[] = {
    NEXT(fulltext, FULLTEXT),
    TEXT(fulltext, ident),
    TEXT(fulltext, name),
    TEXTS(fulltext, columns, 1, ncolumns),
    MAYBE_TEXT(fulltext, tokenizer),
    MAYBE_ONE(fulltext, row, COLUMN),
};

static const rest_member_t of_param[] = {
    TEXT(param, name),
    MAYBE_TEXT(param, type),
    MAYBE_TEXT(param, default_value),
};

static const rest_member_t of_role_setting[] = {
    NEXT(role_setting, ROLE_SETTING),
    TEXT(role_setting, role),
    TEXT(role_setting, name),
    TEXT(role_setting, value),
};

static const rest_member_t of_link[] = {
    NEXT(link, LINK),
    ONE(link, from, RELATION),
    ONE(link, to, RELATION),
    MAYBE_TEXT(link, constraint),
    ARRAY(link, pairs, PAIR, npairs),
    MAYBE_ONE(link, junction, RELATION),
    MAYBE_TEXT(link, onward),
    ARRAY(link, onward_pairs, PAIR, nonward_pairs),
    MAYBE_ONE(link, routine, ROUTINE),
};

static const rest_member_t of_pair[] = {
    ONE(pair, from, COLUMN),
    ONE(pair, to, COLUMN),
};

#define SHAPE(type) { sizeof(rest_##type##_t), of_##type, sizeof(of_##type) / sizeof(of_##type[0]) }
const rest_shape_t rest_shapes[REST_SHAPES_] = {
    [REST_SHAPE_SCHEMA] = SHAPE(schema),
    [REST_SHAPE_SPACE] = SHAPE(space),
    [REST_SHAPE_RELATION] = SHAPE(relation),
    [REST_SHAPE_ROUTINE] = SHAPE(routine),
    [REST_SHAPE_COLUMN] = SHAPE(column),
    [REST_SHAPE_GRANT] = SHAPE(grant),
    [REST_SHAPE_HANDLER] = SHAPE(handler),
    [REST_SHAPE_FULLTEXT] = SHAPE(fulltext),
    [REST_SHAPE_PARAM] = SHAPE(param),
    [REST_SHAPE_ROLE_SETTING] = SHAPE(role_setting),
    [REST_SHAPE_LINK] = SHAPE(link),
    [REST_SHAPE_PAIR] = SHAPE(pair),
};

apr_size_t rest_section_unit(int section)
{
    if (section < REST_SECTION_LISTS) {
        return rest_shapes[section].size;
    }
    return section == REST_SECTION_CHARS ? 1 : sizeof(void *);
}
