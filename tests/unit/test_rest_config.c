/* SPDX-License-Identifier: Apache-2.0 */
/** Settings of the API that stand in the database, laid over those of the configuration. */
#include "apr_strings.h"

#include "unit.h"

#include "rest_int.h"

#define AS_IT_WAS "api | public+x | 5 check - 0 0 commit"

static apr_array_header_t *list(const char *a, const char *b)
{
    apr_array_header_t *made = apr_array_make(unit_pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(made, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(made, const char *) = b;
    }
    return made;
}

static const char *text_of(const rest_conf_t *conf)
{
    return apr_psprintf(unit_pool, "%s | %s | %ld %s %s %d %d %s",
                        apr_array_pstrcat(unit_pool, conf->schemas, '+'),
                        apr_array_pstrcat(unit_pool, conf->extra_search_path, '+'),
                        (long)conf->max_rows, conf->pre_request ? conf->pre_request : "-",
                        conf->root_spec ? conf->root_spec : "-", conf->aggregates, conf->explains,
                        rest_tx_ends[conf->tx_end]);
}

static rest_conf_t conf_of_file(void)
{
    rest_conf_t conf = { .schemas = list("api", NULL), .extra_search_path = list("public", "x"),
                         .max_rows = 5, .pre_request = "check", .anon_role = "web_anon" };

    return conf;
}

static void test_over(void **state)
{
    static const struct {
        const char *name, *value, *wanted;
    } cases[] = {
        { "db_schemas", "a, b c ,,d", "a+b c+d | public+x | 5 check - 0 0 commit" },
        { "db_extra_search_path", "", "api |  | 5 check - 0 0 commit" },
        { "db_max_rows", "7", "api | public+x | 7 check - 0 0 commit" },
        { "db_max_rows", "", "api | public+x | 0 check - 0 0 commit" },
        { "db_max_rows", "-7", AS_IT_WAS },
        { "db_max_rows", "7x", AS_IT_WAS },
        { "db_pre_request", "s.f", "api | public+x | 5 s.f - 0 0 commit" },
        { "db_pre_request", "", "api | public+x | 5 - - 0 0 commit" },
        { "db_root_spec", "root", "api | public+x | 5 check root 0 0 commit" },
        { "db_aggregates_enabled", "TRUE", "api | public+x | 5 check - 1 0 commit" },
        { "db_plan_enabled", "on", "api | public+x | 5 check - 0 1 commit" },
        { "db_plan_enabled", "maybe", AS_IT_WAS },
        { "db_tx_end", "rollback", "api | public+x | 5 check - 0 0 rollback" },
        { "db_tx_end", "", AS_IT_WAS },
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rest_role_setting_t setting = { .role = "", .name = cases[i].name,
                                        .value = cases[i].value };
        rest_conf_t conf = conf_of_file();

        CASE_STRING(cases[i].name, text_of(rest_config_over(&conf, &setting, unit_pool)),
                    cases[i].wanted);
        CASE_STRING(cases[i].name, text_of(&conf), AS_IT_WAS);
    }
}

static void test_nothing_over(void **state)
{
    rest_conf_t conf = conf_of_file();

    (void)state;
    assert_ptr_equal(rest_config_over(&conf, NULL, unit_pool), &conf);
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_over),
                                     cmocka_unit_test(test_nothing_over) };

UNIT_MAIN(tests)
