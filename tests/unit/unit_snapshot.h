/* SPDX-License-Identifier: Apache-2.0 */
/** Snapshots as text, for the tests of those who read catalogues. */
#ifndef UNIT_SNAPSHOT_H
#define UNIT_SNAPSHOT_H

#include "unit.h"

#include "apr_strings.h"

#include "rest_schema.h"

/** Compares two texts line by line, so that a failure names the first that differs. */
static inline void snapshot_compare(const char *name, const char *actual, const char *expected)
{
    while (*actual || *expected) {
        apr_size_t got = strcspn(actual, "\n"), wanted = strcspn(expected, "\n");

        CASE_STRING(name, apr_pstrmemdup(unit_pool, actual, got),
                    apr_pstrmemdup(unit_pool, expected, wanted));
        actual += got + (actual[got] == '\n');
        expected += wanted + (expected[wanted] == '\n');
    }
}

static inline const char *snapshot_texts(const char **texts, int count)
{
    const char *all = "";
    int i;

    for (i = 0; i < count; i++) {
        all = apr_pstrcat(unit_pool, all, i ? "|" : "", texts[i], NULL);
    }
    return all;
}

/** " word=value", if there is one. */
static inline void snapshot_add(app_buf_t *buf, const char *word, const char *value)
{
    if (value) {
        app_buf_addf(buf, " %s=%s", word, value);
    }
}

static inline void snapshot_column(app_buf_t *buf, const rest_column_t *column)
{
    app_buf_addf(buf, "  %s: %s", column->name, column->type);
    snapshot_add(buf, "base", strcmp(column->base, column->type) ? column->base : NULL);
    app_buf_adds(buf, column->nullable ? "" : " not null");
    app_buf_adds(buf, column->generated ? " generated" : "");
    snapshot_add(buf, "default", column->default_value);
    if (column->max_length) {
        app_buf_addf(buf, " max=%d", (int)column->max_length);
    }
    snapshot_add(buf, "labels",
                 column->labels ? snapshot_texts(column->labels, column->nlabels) : NULL);
    snapshot_add(buf, "comment", column->comment);
    snapshot_add(buf, "to_json", column->to_json);
    snapshot_add(buf, "from_json", column->from_json);
    snapshot_add(buf, "from_text", column->from_text);
    app_buf_addc(buf, '\n');
}

static inline void snapshot_relation(app_buf_t *buf, const rest_relation_t *relation, int columns)
{
    const rest_fulltext_t *index;
    const rest_handler_t *handler;
    int i;

    app_buf_addf(buf, "%s %s ", relation->is_view ? "view" : "table", relation->ident);
    app_buf_addf(buf, "%s%s%s", relation->insertable ? "i" : "", relation->updatable ? "u" : "",
                 relation->deletable ? "d" : "");
    snapshot_add(buf, "comment", relation->comment);
    for (i = 0; i < relation->nkeys; i++) {
        snapshot_add(buf, "key", relation->keys[i]->name);
    }
    for (handler = relation->handlers; handler; handler = handler->next) {
        snapshot_add(buf, handler->media, handler->ident);
    }
    for (index = relation->fulltext; index; index = index->next) {
        app_buf_addf(buf, " fts=%s(%s)", index->ident,
                     snapshot_texts(index->columns, index->ncolumns));
        snapshot_add(buf, "row", index->row ? index->row->name : NULL);
        snapshot_add(buf, "tokenizer", index->tokenizer);
    }
    app_buf_addc(buf, '\n');
    for (i = 0; columns && i < relation->ncolumns; i++) {
        snapshot_column(buf, relation->columns[i]);
    }
}

static inline app_buf_t *snapshot_buffer(void)
{
    app_buf_t *buf = apr_pcalloc(unit_pool, sizeof(*buf));

    app_buf_init(buf, unit_pool, 1 << 20);
    app_buf_adds(buf, "");
    return buf;
}

static inline void snapshot_routine(app_buf_t *buf, const rest_routine_t *routine)
{
    static const char *const gives[] = { "void", "value", "row", "record" };
    static const char *const volatility[] = { "", " stable", " immutable" };
    int i;

    app_buf_addf(buf, "%s(", routine->ident);
    for (i = 0; i < routine->nparams; i++) {
        app_buf_addf(buf, "%s%s%s%s %s", i ? ", " : "", routine->params[i].variadic ? "..." : "",
                     routine->params[i].required ? "" : "?", routine->params[i].name,
                     routine->params[i].type);
        snapshot_add(buf, "default", routine->params[i].default_value);
    }
    app_buf_addf(buf, ") %s%s %s%s", routine->set ? "set of " : "", gives[routine->gives],
                 routine->type, volatility[routine->volatility]);
    snapshot_add(buf, "comment", routine->comment);
    snapshot_add(buf, "isolation", routine->isolation);
    for (i = 0; i < routine->nsettings; i++) {
        snapshot_add(buf, routine->settings[i * 2], routine->settings[i * 2 + 1]);
    }
    snapshot_add(buf, "media", routine->media);
    app_buf_addc(buf, '\n');
    if (routine->relation) {
        snapshot_relation(buf, routine->relation, !*routine->relation->schema);
    }
}

#endif
