/* SPDX-License-Identifier: Apache-2.0 */
/** Counting: finds the series of some values, or claims one, and adds to it. Any thread. */
#include "app_hash.h"
#include "app_metric_int.h"

typedef struct text_t {
    const char *text;
    apr_size_t  len;
} text_t;

static const char *const others[APP_METRIC_LABELS_MAX] = { "other", "other", "other",
                                                           "other", "other", "other" };

/** What is too long is cut between two characters. */
static apr_size_t length_of(const char *text)
{
    apr_size_t len = strnlen(text, APP_METRIC_VALUE_SIZE);

    if (len > APP_METRIC_VALUE_MAX) {
        len = APP_METRIC_VALUE_MAX;
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return len;
}

/** @return their hash, never 0 */
static apr_uint64_t read_values(text_t *texts, const app_metric_t *metric,
                                const char *const *values)
{
    apr_uint64_t hash = 1;
    int i, n = metric->family->nlabels, skip = metric->site != NULL;

    for (i = 0; i < n; i++) {
        const char *text = i < skip ? metric->site : values[i - skip];

        texts[i].text = text ? text : "";
        texts[i].len = length_of(texts[i].text);
        hash = app_hash(hash, texts[i].text, texts[i].len);
    }
    return hash ? hash : 1;
}

static void write_values(const app_metric_family_t *family, app_metric_series_t *series,
                         const text_t *texts)
{
    int i;

    for (i = 0; i < family->nlabels; i++) {
        memcpy(app_metric_value(family, series, i), texts[i].text, texts[i].len);
    }
    __atomic_store_n(&series->ready, 1, __ATOMIC_RELEASE);
}

/** Of a series that has the right key. Whoever claimed it may still be at it, or dead. */
static int has_values(const app_metric_family_t *family, app_metric_series_t *series,
                      const text_t *texts)
{
    int i;

    if (!__atomic_load_n(&series->ready, __ATOMIC_ACQUIRE)) {
        write_values(family, series, texts);
        return 1;
    }
    for (i = 0; i < family->nlabels; i++) {
        const char *value = app_metric_value(family, series, i);

        if (memcmp(value, texts[i].text, texts[i].len) != 0 || value[texts[i].len]) {
            return 0;
        }
    }
    return 1;
}

/** @return whether it is ours, or somebody's who counts the same */
static int claim(const app_metric_family_t *family, app_metric_series_t *series, apr_uint64_t key,
                 const text_t *texts)
{
    app_metric_head_t *head = app_metric_head(family);
    apr_uint64_t found = 0;

    if (__atomic_compare_exchange_n(&series->key, &found, key, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        write_values(family, series, texts);
        return 1;
    }
    __atomic_sub_fetch(&head->used, 1, __ATOMIC_RELAXED);
    return found == key && has_values(family, series, texts);
}

static apr_uint32_t overflow(const app_metric_family_t *family)
{
    app_metric_head_t *head = app_metric_head(family);
    app_metric_series_t *series = app_metric_series(family, family->capacity);
    int i;

    __atomic_add_fetch(&head->overflows, 1, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&series->ready, __ATOMIC_ACQUIRE)) {
        for (i = 0; i < family->nlabels; i++) {
            memcpy(app_metric_value(family, series, i), others[i], strlen(others[i]));
        }
        __atomic_store_n(&series->ready, 1, __ATOMIC_RELEASE);
    }
    return family->capacity;
}

/** Half of the table at least is free, so this ends soon. */
static apr_uint32_t find(const app_metric_t *metric, const char *const *values)
{
    const app_metric_family_t *family = metric->family;
    app_metric_head_t *head = app_metric_head(family);
    text_t texts[APP_METRIC_LABELS_MAX];
    apr_uint64_t key = read_values(texts, metric, values);
    apr_uint32_t mask = family->capacity - 1, i = (apr_uint32_t)key & mask;

    for (;; i = (i + 1) & mask) {
        app_metric_series_t *series = app_metric_series(family, i);
        apr_uint64_t found = __atomic_load_n(&series->key, __ATOMIC_ACQUIRE);

        if (found == key && has_values(family, series, texts)) {
            return i;
        }
        if (found) {
            continue;
        }
        if (__atomic_add_fetch(&head->used, 1, __ATOMIC_RELAXED) > family->max) {
            __atomic_sub_fetch(&head->used, 1, __ATOMIC_RELAXED);
            return overflow(family);
        }
        if (claim(family, series, key, texts)) {
            return i;
        }
    }
}

apr_int64_t *app_metric_cell(const app_metric_t *metric, const char *const *values)
{
    const app_metric_family_t *family = metric->family;
    const app_metrics_t *metrics = family->metrics;
    apr_uint32_t i;

    if (!metrics->base || (family->def->kind == APP_METRIC_PROCESS && !metrics->place)) {
        return NULL;
    }
    i = find(metric, values);
    return family->def->kind == APP_METRIC_PROCESS
               ? &metrics->place->cells[family->first + i]
               : (apr_int64_t *)app_metric_series(family, i)->cells;
}

void app_metric_cell_observe(apr_int64_t *cells, const app_metric_def_t *def, apr_int64_t value)
{
    int i = 0;

    if (!cells) {
        return;
    }
    while (i < def->nbuckets && value > def->buckets[i]) {
        i++;
    }
    app_metric_cell_add(&cells[i], 1);
    app_metric_cell_add(&cells[def->nbuckets + 1], value);
}

void app_metric_add(const app_metric_t *metric, apr_int64_t amount, const char *const *values)
{
    app_metric_cell_add(app_metric_cell(metric, values), amount);
}

void app_metric_set(const app_metric_t *metric, apr_int64_t value, const char *const *values)
{
    app_metric_cell_set(app_metric_cell(metric, values), value);
}

void app_metric_observe(const app_metric_t *metric, apr_int64_t value, const char *const *values)
{
    app_metric_cell_observe(app_metric_cell(metric, values), metric->family->def, value);
}
