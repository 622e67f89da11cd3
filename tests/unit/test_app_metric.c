/* SPDX-License-Identifier: Apache-2.0 */
/** Metrics: definitions, series and their bound, places of processes, many processes at once. */
#include "unit_host.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apr_strings.h"

#include "app_metric_int.h"

/* A plugin that counts what it is told to */

static const apr_int64_t bounds[] = { 10, 100 };
static const apr_int64_t shrinking[] = { 100, 10 };

static const app_metric_def_t jobs = { .name = "app_jobs", .help = "Jobs.",
                                       .labels = "queue outcome", .max_series = 4 };
static const app_metric_def_t sizes = { .name = "app_sizes", .help = "Sizes.",
                                        .kind = APP_METRIC_HISTOGRAM, .nbuckets = 2,
                                        .buckets = bounds };
static const app_metric_def_t level = { .name = "app_level", .help = "Level.",
                                        .kind = APP_METRIC_GAUGE };
static const app_metric_def_t busy = { .name = "app_busy", .help = "Busy.",
                                       .kind = APP_METRIC_PROCESS };

static const app_metric_def_t *wanted; /* one more, of a test */
static int collects;
static app_instance_t *instance;
static app_metric_t *m_jobs, *m_sizes, *m_level, *m_busy;

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    app_metric_t *ignored;

    instance = self;
    if (collects) {
        app_metrics_collect(self, 10);
    }
    if (app_metric_declare(&m_jobs, self, &jobs, err) != APR_SUCCESS ||
        app_metric_declare(&m_sizes, self, &sizes, err) != APR_SUCCESS ||
        app_metric_declare(&m_level, self, &level, err) != APR_SUCCESS ||
        app_metric_declare(&m_busy, self, &busy, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return wanted ? app_metric_declare(&ignored, self, wanted, err) : APR_SUCCESS;
}

static const app_plugin_t plugin = { .magic = APP_PLUGIN_MAGIC,
                                     .size = sizeof(app_plugin_t),
                                     .abi_major = APP_PLUGIN_ABI_MAJOR,
                                     .signature = APP_PLUGIN_SIGNATURE,
                                     .name = "counter",
                                     .version = "1",
                                     .summary = "counts",
                                     .configure = configure };

static app_core_t *core;

static apr_status_t make(const char *site_name, app_error_t *err)
{
    app_site_conf_t *conf = app_conf_create(core, APP_IN_SERVER, unit_pool);
    app_values_t *values;
    app_site_t *site;

    assert_int_equal(app_conf_plugin(conf, "counter", &values, err), APR_SUCCESS);
    return app_site_make(core, site_name, conf, &site, err);
}

static void create(const app_metric_def_t *more, int collect)
{
    wanted = more;
    collects = collect;
    core = app_core_create(&host, unit_pool);
    APR_ARRAY_PUSH(core->plugins, const app_plugin_t *) = &plugin;
}

static void start(int collect)
{
    app_error_t err = { .pool = unit_pool };

    create(NULL, collect);
    assert_int_equal(make("main", &err), APR_SUCCESS);
    assert_int_equal(app_core_share(core, &err), APR_SUCCESS);
    assert_int_equal(app_core_start(core, unit_pool, &err), APR_SUCCESS);
}

/* What there is, as text: "app_jobs{main,mail,sent} 3; …", of the plugin's families alone */

static void show(void *ctx, const app_metric_view_t *view)
{
    const app_metric_def_t *own[] = { &jobs, &sizes, &level, &busy };
    app_buf_t *buf = ctx;
    int i, mine = strcmp(view->def->name, "app_metrics_overflow") == 0;

    for (i = 0; i < 4; i++) {
        mine = mine || view->def == own[i];
    }
    if (!mine) {
        return;
    }
    app_buf_addf(buf, "%s%s{", buf->len ? "; " : "", view->def->name);
    for (i = 0; i < view->nlabels; i++) {
        app_buf_addf(buf, "%s%s", i ? "," : "", view->values[i]);
    }
    app_buf_adds(buf, "}");
    for (i = 0; view->counts && i <= view->def->nbuckets; i++) {
        app_buf_addf(buf, " %d", (int)view->counts[i]);
    }
    app_buf_addf(buf, " %d", (int)view->value);
}

static const char *shown(void)
{
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 65536);
    app_buf_adds(&buf, "");
    app_metrics_read(instance, show, &buf);
    return buf.len ? buf.data : "";
}

/* Tests */

static void test_nothing_is_counted_for_nobody(void **state)
{
    (void)state;
    start(0);
    app_metric_add(m_jobs, 1, APP_METRIC_LABELS("mail", "sent"));
    app_metric_observe(m_sizes, 1, NULL);
    app_metric_set(m_busy, 1, NULL);
    assert_string_equal(shown(), "");
}

static void test_kinds(void **state)
{
    (void)state;
    start(1);
    app_metric_add(m_jobs, 2, APP_METRIC_LABELS("mail", "sent"));
    app_metric_add(m_jobs, 1, APP_METRIC_LABELS("mail", "sent"));
    app_metric_observe(m_sizes, 10, NULL);
    app_metric_observe(m_sizes, 11, NULL);
    app_metric_observe(m_sizes, 1000, NULL);
    app_metric_set(m_level, 7, NULL);
    app_metric_add(m_level, -2, NULL);
    app_metric_set(m_busy, 4, NULL);
    assert_string_equal(shown(), "app_jobs{main,mail,sent} 3; app_sizes{main} 1 1 1 1021; "
                                 "app_level{main} 5; app_busy{main} 4");
}

static void test_definitions(void **state)
{
    static const struct {
        const char *name;
        app_metric_def_t def;
    } cases[] = {
        { "no name", { .name = "", .help = "" } },
        { "a digit first", { .name = "1st", .help = "" } },
        { "a dash", { .name = "app-jobs", .help = "" } },
        { "a name that is taken", { .name = "app_jobs", .help = "" } },
        { "labels", { .name = "app_x", .help = "", .labels = "a b c d e f g" } },
        { "a label with a colon", { .name = "app_x", .help = "", .labels = "a:b" } },
        { "buckets of a counter", { .name = "app_x", .help = "", .nbuckets = 2,
                                    .buckets = bounds } },
        { "no buckets", { .name = "app_x", .help = "", .kind = APP_METRIC_HISTOGRAM } },
        { "buckets that shrink", { .name = "app_x", .help = "", .kind = APP_METRIC_HISTOGRAM,
                                   .nbuckets = 2, .buckets = shrinking } },
        { "too many", { .name = "app_x", .help = "", .max_series = APP_METRIC_SERIES_MAX + 1 } },
        { "a site of its own", { .name = "app_x", .help = "", .labels = "site" } },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };

        create(&cases[i].def, 1);
        CASE_INT(cases[i].name, make("main", &err), APP_EFAIL);
    }
}

static void test_sites_share_a_family(void **state)
{
    app_error_t err = { .pool = unit_pool };
    app_metric_t *first;

    (void)state;
    create(NULL, 1);
    assert_int_equal(make("a", &err), APR_SUCCESS);
    first = m_level;
    assert_int_equal(make("b", &err), APR_SUCCESS);
    assert_int_equal(app_core_share(core, &err), APR_SUCCESS);
    assert_int_equal(app_core_start(core, unit_pool, &err), APR_SUCCESS);
    app_metric_set(first, 1, NULL);
    app_metric_set(m_level, 2, NULL);
    assert_non_null(strstr(shown(), "app_level{a} 1"));
    assert_non_null(strstr(shown(), "app_level{b} 2"));
}

static void test_a_bound_on_series(void **state)
{
    char name[16];
    int i;

    (void)state;
    start(1);
    for (i = 0; i < 100; i++) {
        apr_snprintf(name, sizeof(name), "q%d", i % 10);
        app_metric_add(m_jobs, 1, APP_METRIC_LABELS(name, NULL));
    }
    assert_non_null(strstr(shown(), "app_jobs{main,q0,} 10"));
    assert_non_null(strstr(shown(), "app_jobs{main,q3,} 10"));
    assert_null(strstr(shown(), "q4"));
    assert_non_null(strstr(shown(), "app_jobs{other,other,other} 60"));
    assert_non_null(strstr(shown(), "app_metrics_overflow{app_jobs} 60"));
}

static void test_long_values_are_cut_between_characters(void **state)
{
    char value[100] = "", expected[120];
    int i;

    (void)state;
    start(1);
    for (i = 0; i < 40; i++) {
        strncat(value, "\xC3\xA9", 3);
    }
    app_metric_add(m_jobs, 1, APP_METRIC_LABELS(value, "x"));
    apr_snprintf(expected, sizeof(expected), "{main,%.78s,x} 1", value);
    assert_non_null(strstr(shown(), expected));
}

/** Whoever claimed a series may have been killed before it had written down what it is of. */
static void test_a_series_without_values_is_completed(void **state)
{
    app_metric_family_t *family;
    apr_uint32_t i;

    (void)state;
    start(1);
    app_metric_add(m_jobs, 1, APP_METRIC_LABELS("mail", "sent"));
    family = m_jobs->family;
    for (i = 0; i < family->capacity; i++) {
        app_metric_series_t *series = app_metric_series(family, i);

        series->ready = 0;
        memset(app_metric_value(family, series, 0), 0, 3 * APP_METRIC_VALUE_SIZE);
    }
    assert_string_equal(shown(), "");
    app_metric_add(m_jobs, 1, APP_METRIC_LABELS("mail", "sent"));
    assert_string_equal(shown(), "app_jobs{main,mail,sent} 2");
}

#define PROCESSES 8
#define ROUNDS    20000

static void count_much(void)
{
    app_error_t err = { .pool = unit_pool };
    char name[16];
    int i;

    if (app_core_start(core, unit_pool, &err) != APR_SUCCESS) {
        _exit(1);
    }
    app_metric_set(m_busy, 1, NULL);
    for (i = 0; i < ROUNDS; i++) {
        apr_snprintf(name, sizeof(name), "q%d", i % 4);
        app_metric_add(m_jobs, 1, APP_METRIC_LABELS(name, ""));
        app_metric_observe(m_sizes, i % 2 ? 5 : 50, NULL);
    }
}

/** All of them count at once, from the first series on; half of them stay. */
static void test_many_processes(void **state)
{
    pid_t pids[PROCESSES];
    int i, go[2], status;
    char expected[200], byte;

    (void)state;
    start(1);
    app_metric_set(m_busy, 100, NULL);
    assert_int_equal(pipe(go), 0);
    for (i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(go[1]);
            count_much();
            _exit(i % 2 ? 0 : (int)read(go[0], &byte, 1));
        }
    }
    close(go[0]);
    for (i = 1; i < PROCESSES; i += 2) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    apr_snprintf(expected, sizeof(expected), "app_busy{main} %d", 100 + PROCESSES / 2);
    for (i = 0; i < 500 && !strstr(shown(), expected); i++) {
        apr_sleep(10000); /* the others may not have begun */
    }
    assert_non_null(strstr(shown(), expected));
    close(go[1]);
    for (i = 0; i < PROCESSES; i += 2) {
        waitpid(pids[i], &status, 0);
    }
    assert_non_null(strstr(shown(), "app_busy{main} 100"));
    for (i = 0; i < 4; i++) {
        apr_snprintf(expected, sizeof(expected), "app_jobs{main,q%d,} %d", i,
                     PROCESSES * ROUNDS / 4);
        assert_non_null(strstr(shown(), expected));
    }
    apr_snprintf(expected, sizeof(expected), "app_sizes{main} %d %d 0 %d", PROCESSES * ROUNDS / 2,
                 PROCESSES * ROUNDS / 2, PROCESSES * ROUNDS / 2 * 55);
    assert_non_null(strstr(shown(), expected));
}

/* Databases */

static const char *database_name(const char *url, int max)
{
    app_error_t err = { .pool = unit_pool };
    app_site_conf_t *conf = app_conf_create(core, APP_IN_SERVER, unit_pool);
    char most[16];
    app_site_t *site;

    apr_snprintf(most, sizeof(most), "%d", max);
    assert_int_equal(app_conf_set(conf, "Database", url, &err), APR_SUCCESS);
    assert_int_equal(app_conf_set(conf, "DatabaseMax", most, &err), APR_SUCCESS);
    assert_int_equal(app_site_make(core, url, conf, &site, &err), APR_SUCCESS);
    return app_db_name(APR_ARRAY_IDX(core->dbs, core->dbs->nelts - 1, app_db_use_t).db);
}

/** No two share a series; who comes first does not matter to the others. */
static void test_names_of_databases(void **state)
{
    const char *second, *third;

    (void)state;
    create(NULL, 1);
    assert_string_equal(database_name("sqlite:/one/app.db", 4), "app.db");
    second = database_name("sqlite:/two/app.db", 4);
    third = database_name("sqlite:/two/app.db", 5);
    assert_string_not_equal(second, third);
    assert_int_equal(strncmp(second, "app.db (", 8), 0);
    assert_int_equal(strncmp(third, "app.db (", 8), 0);
    assert_string_equal(database_name("sqlite:/two/other.db", 4), "other.db");
    create(NULL, 1);
    assert_string_equal(database_name("sqlite:/three/app.db", 4), "app.db");
    assert_string_equal(database_name("sqlite:/two/app.db", 4), second);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_names_of_databases),
    cmocka_unit_test(test_nothing_is_counted_for_nobody),
    cmocka_unit_test(test_kinds),
    cmocka_unit_test(test_definitions),
    cmocka_unit_test(test_sites_share_a_family),
    cmocka_unit_test(test_a_bound_on_series),
    cmocka_unit_test(test_long_values_are_cut_between_characters),
    cmocka_unit_test(test_a_series_without_values_is_completed),
    cmocka_unit_test(test_many_processes),
};

UNIT_MAIN(tests)
