/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite's CREATE statements: rest_ddl_table(), rest_ddl_virtual(), rest_ddl_trigger(). */
#include "fuzz.h"
#include "rest_ddl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    rest_ddl_table_t table;
    rest_right_e right;
    int i;

    rest_ddl_table(&table, text, p);
    for (i = 0; i < table.keys->nelts; i++) {
        fuzz_expect(APR_ARRAY_IDX(table.keys, i, rest_ddl_key_t).columns != NULL);
    }
    rest_ddl_virtual(text, "fts5", p);
    rest_ddl_trigger(&right, text);
    if (!rest_ddl_is_compound(text)) {
        fuzz_expect(!rest_ddl_mentions(text, "union", p) || strpbrk(text, "\"`['"));
    }
    free(text);
    return 0;
}
