/* SPDX-License-Identifier: Apache-2.0 */
/** The cells of a result's current row, whichever driver has filled them. Thread of the request. */
#include "app_db_driver.h"

void app_db_columns(app_rows_t *rows, int columns)
{
    rows->columns = columns;
    rows->cells = columns <= APP_DB_CELLS
                      ? rows->few
                      : apr_palloc(rows->tx->pool, sizeof(*rows->cells) * (apr_size_t)columns);
}

int app_rows_columns(const app_rows_t *rows)
{
    return rows->columns;
}

const char *app_rows_text(const app_rows_t *rows, int column, apr_size_t *plen)
{
    const app_db_cell_t *cell;

    if (column < 0 || column >= rows->columns) {
        return NULL;
    }
    cell = &rows->cells[column];
    if (plen) {
        *plen = cell->text ? cell->len : 0;
    }
    return cell->text;
}

apr_int64_t app_rows_int(const app_rows_t *rows, int column)
{
    apr_int64_t value = 0;
    apr_size_t len;
    const char *text = app_rows_text(rows, column, &len);

    if (!text || app_int64_parse(text, len, &value) != APR_SUCCESS) {
        return 0;
    }
    return value;
}

apr_int64_t app_rows_affected(const app_rows_t *rows)
{
    return rows->affected;
}
