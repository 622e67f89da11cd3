/* SPDX-License-Identifier: Apache-2.0 */
/** DATABASE_URL: app_db_make(), which connects to nothing. */
#include "app_db_int.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *url = fuzz_text(data, size);
    app_core_conf_t conf = { .database = url, .db_max = 1, .db_keep = 1, .db_statements = 10 };
    app_db_t *db;

    fuzz_expect_status(app_db_make(&db, &conf, &err, p), &err);
    free(url);
    return 0;
}
